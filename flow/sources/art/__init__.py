"""The pictures of the `sample` source, drawn with Pillow and numpy: robots and other things, as photos or on paper."""
