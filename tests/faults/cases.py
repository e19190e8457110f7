"""The fault cases one by one: what goes wrong, and the tests that show what then happens.

`tests/stories/test_cases.py` holds that every test named here is there.
"""

CASES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "killed at every file operation of harvest",
        (
            "stories/test_kills.py::test_killed_anywhere_the_same_command_finishes_it",
            "stories/test_kills.py::test_the_trial_notices_careless_code",
        ),
    ),
    2: (
        "the same for download, classify, undo, a model's saving",
        (
            "stories/test_kills.py::test_killed_anywhere_the_same_command_finishes_it",
            "download/test_download.py::test_killed_at_any_moment_the_same_command_completes_it",
        ),
    ),
    3: ("killed while it recovers", ("stories/test_kills.py::test_killed_again_while_it_recovers",)),
    4: (
        "the disk is full",
        (
            "stories/test_kills.py::test_a_disk_that_fails_anywhere_costs_a_sentence_and_no_image",
            "stories/test_kills.py::test_a_full_or_read_only_disk_is_named",
            "base/test_files.py::test_a_run_over_the_size_limit_fails_in_one_sentence_and_loses_nothing",
            "base/test_files.py::test_a_nearly_full_disk_is_told_with_the_megabytes",
        ),
    ),
    5: (
        "the disk does not give an image",
        (
            "stories/test_mess.py::test_an_image_the_disk_does_not_give_is_left_and_the_others_sorted",
            "harvest/test_harvest.py::test_an_image_the_disk_does_not_give_waits_for_the_next_harvest",
        ),
    ),
    6: (
        "a folder that cannot be written",
        (
            "harvest/test_harvest.py::test_a_label_folder_that_cannot_be_written_stops_it_before_the_first_move",
            "stories/test_kills.py::test_a_disk_that_fails_anywhere_costs_a_sentence_and_no_image",
        ),
    ),
    7: (
        "no hard links, two file systems",
        (
            "stories/test_kills.py::test_without_hard_links_it_copies_checks_and_renames",
            "base/test_files.py::test_a_move_across_file_systems",
        ),
    ),
    8: (
        "the name is taken",
        (
            "harvest/test_harvest.py::test_a_taken_name_keeps_both_images",
            "harvest/test_harvest.py::test_a_name_taken_while_the_harvest_runs_is_left_alone",
            "base/test_files.py::test_a_move_never_overwrites",
        ),
    ),
    9: (
        "torn and garbled journals",
        (
            "harvest/test_harvest.py::test_a_damaged_journal_of_an_unfinished_harvest_is_done_as_far_as_it_goes",
            "harvest/test_harvest.py::test_a_damaged_journal_of_a_done_harvest_is_undone_as_far_as_it_goes",
            "records/test_catalogue.py::test_a_damaged_catalogue_is_renamed_and_rebuilt_from_journals_and_score_files",
            "records/test_versions.py::test_killed_while_a_lost_catalogue_is_filled_again_no_label_becomes_a_persons",
        ),
    ),
    10: (
        "two and twenty runs at once",
        ("base/test_locks.py::test_of_many_runs_at_once_one_works_and_the_others_say_who",),
    ),
    11: (
        "the owner is killed, its forked child lives on",
        ("base/test_locks.py::test_a_killed_owner_frees_it_although_a_forked_child_lives_on",),
    ),
    12: (
        "Ctrl-C and SIGTERM at every stage",
        (
            "stories/test_kills.py::test_stopped_anywhere_it_says_so_and_goes_on_next_time",
            "stories/test_cron.py::test_a_signal_ends_it_soon_in_words_and_the_next_run_goes_on",
        ),
    ),
    13: (
        "cron",
        (
            "stories/test_cron.py::test_retrain_defaults_and_automatic_from_a_crontab",
            "stories/test_cron.py::test_a_download_in_any_environment",
            "stories/test_cron.py::test_a_locale_that_is_really_not_utf8",
        ),
    ),
    14: ("a missing answer with nobody to ask", ("commands/test_main.py::test_a_missing_argument_is_named_not_asked",)),
    15: (
        "truncated, corrupt, empty, not an image",
        (
            "learn/test_images.py::test_broken_files_say_so_in_a_few_words",
            "download/test_validate.py::test_refusals_by_reason",
            "commands/test_main.py::test_an_unreadable_image_is_set_aside_and_the_rest_sorted",
            "stories/test_mess.py::test_a_folder_of_damaged_images_is_sorted_or_set_aside_one_by_one",
        ),
    ),
    16: (
        "bombs",
        (
            "learn/test_images.py::test_bombs_are_refused_before_they_are_unpacked",
            "download/test_validate.py::test_bombs_are_refused_before_they_are_decoded",
        ),
    ),
    17: (
        "EPS, SVG, TIFF, AVIF",
        (
            "learn/test_images.py::test_broken_files_say_so_in_a_few_words",
            "download/test_validate.py::test_refusals_by_reason",
        ),
    ),
    18: (
        "CMYK, 16 bit, alpha, EXIF, animations",
        (
            "learn/test_images.py::test_a_photo_is_turned_as_the_camera_says",
            "learn/test_images.py::test_sixteen_bit_grey_keeps_its_tones",
            "learn/test_images.py::test_print_colours_come_out_as_seen_on_a_screen",
            "learn/test_images.py::test_golden_values_of_resizing",
        ),
    ),
    19: (
        "a bad file in training_photos",
        ("stories/test_mess.py::test_a_bad_file_among_the_training_photos_is_named_and_left_out",),
    ),
    20: (
        "addresses that are not public",
        (
            "web/test_address_guard.py::test_everything_else_is_not",
            "web/test_address_guard.py::test_redirects_are_checked_too",
            "web/test_address_guard.py::test_resolver_that_changes_its_answer_gains_nothing",
        ),
    ),
    21: (
        "file:, ftp:, data:, credentials in a URL",
        ("web/test_address_guard.py::test_other_addresses_are_refused_without_repeating_secrets",),
    ),
    22: (
        "endless bodies and bombs on the wire",
        (
            "web/test_fetch.py::test_endless_body_ends_at_the_cap",
            "web/test_fetch.py::test_cap_counts_decoded_bytes",
            "web/test_fetch.py::test_an_announced_length_over_the_cap_is_not_even_begun",
        ),
    ),
    23: ("drips and silence", ("web/test_fetch.py::test_deadline_ends_what_drips_or_never_answers",)),
    24: (
        "lost bodies",
        (
            "web/test_fetch.py::test_body_lost_in_the_middle_is_tried_again",
            "web/test_fetch.py::test_body_lost_every_time_is_given_up_after_three",
        ),
    ),
    25: (
        "429, 403, 5xx, HTML from an API",
        (
            "web/test_fetch.py::test_429_is_handed_back_at_once_and_cools_that_host_only",
            "download/test_download.py::test_host_that_asks_to_wait_an_hour_is_reported_with_the_time",
            "sources/test_sources.py::test_answers_that_are_no_results_are_source_errors_not_crashes",
        ),
    ),
    26: ("pages that repeat for ever", ("sources/test_sources.py::test_site_that_repeats_its_page_for_ever_is_left",)),
    27: (
        "hostile tags and labels",
        (
            "base/test_names.py::test_any_text_is_made_safe_or_refused",
            "base/test_names.py::test_bad_names_are_refused_in_printable_words",
            "base/test_names.py::test_the_command_line_refuses_with_exit_2_and_touches_nothing",
        ),
    ),
    28: (
        "escape codes, markup and formulas in texts",
        (
            "download/test_download.py::test_hostile_texts_stay_texts",
            "base/test_names.py::test_what_is_shown_can_drive_no_terminal",
            "stories/test_mess.py::test_a_messy_folder_goes_through_the_whole_loop",
            "base/test_runlog.py::test_a_file_name_cannot_forge_a_record",
        ),
    ),
    29: (
        "settings files",
        (
            "base/test_settings.py::test_what_is_wrong_is_told_with_file_and_line",
            "base/test_settings.py::test_any_bytes_give_settings_or_a_sentence",
            "base/test_settings.py::test_no_file_is_too_strange",
        ),
    ),
    30: (
        "settings values",
        (
            "base/test_settings.py::test_any_values_give_settings_in_range_or_a_sentence",
            "base/test_settings.py::test_any_environment_gives_a_value_of_its_type_or_a_sentence",
        ),
    ),
    31: (
        "Twilio in trouble",
        (
            "sms/test_notify.py::test_a_lasting_error_is_one_warning_after_two_tries",
            "sms/test_notify.py::test_a_server_that_hangs_is_not_asked_twice_because_the_text_may_have_gone",
        ),
    ),
    32: (
        "secrets",
        (
            "sms/test_notify.py::test_no_secret_in_log_warning_text_or_record",
            "base/test_runlog.py::test_secrets_are_hidden_in_lines_and_in_tracebacks",
            "commands/test_main.py::test_a_bug_of_ours_is_one_sentence_with_the_traceback_in_the_log_and_no_secret_anywhere",
        ),
    ),
    33: (
        "damaged models",
        (
            "stories/test_mess.py::test_a_damaged_model_is_refused_with_the_real_reason_and_nothing_is_sorted",
            "stories/test_mess.py::test_a_folder_without_a_whole_model_json_is_no_model",
            "stories/test_mess.py::test_a_second_whole_model_is_still_offered",
        ),
    ),
    34: (
        "too little to train on",
        (
            "stories/test_mess.py::test_training_on_too_little_says_so_before_it_starts",
            "stories/test_mess.py::test_a_label_removed_after_training_is_no_trouble",
        ),
    ),
    35: (
        "the clock jumps",
        (
            "stories/test_mess.py::test_a_clock_an_hour_or_years_off_changes_no_order",
            "harvest/test_harvest.py::test_the_last_harvest_is_undone_also_after_the_clock_was_set_back",
            "base/test_locks.py::test_the_wait_is_counted_on_a_clock_that_cannot_be_set",
        ),
    ),
    36: (
        "long and broken names, loops, hidden files",
        (
            "stories/test_mess.py::test_a_messy_folder_goes_through_the_whole_loop",
            "stories/test_mess.py::test_classify_of_strange_names_keeps_every_image",
            "base/test_files.py::test_only_plain_visible_image_files_are_images",
            "base/test_files.py::test_the_longest_names_can_be_kept_twice",
        ),
    ),
    37: (
        "people move pictures meanwhile",
        (
            "stories/test_mess.py::test_a_person_moving_images_about_all_the_time",
            "stories/test_mess.py::test_images_taken_away_while_it_runs_are_a_persons_doing",
        ),
    ),
    38: (
        "undo after undo, after a move, with a file missing",
        (
            "harvest/test_harvest.py::test_a_second_undo_says_there_is_nothing_to_undo",
            "harvest/test_harvest.py::test_undo_leaves_what_a_person_moved_and_says_so",
            "harvest/test_harvest.py::test_undo_with_a_missing_file_brings_back_the_rest",
            "harvest/test_harvest.py::test_undo_restores_the_harvest_exactly",
        ),
    ),
    39: (
        "killed at every operation of a checking session, in the recovery too",
        (
            "stories/test_kills.py::test_killed_anywhere_the_same_command_finishes_it",
            "stories/test_kills.py::test_killed_again_while_it_recovers",
            "stories/test_kills.py::test_a_checking_session_ends_well_or_in_a_sentence",
        ),
    ),
    40: (
        "pictures dragged, taken away or exchanged while they are checked",
        (
            "check/test_sorted_board.py::test_dragging_meanwhile_is_seen_and_respected",
            "check/test_sorted_board.py::test_another_image_under_the_same_name_is_not_taken_for_the_first",
            "check/test_board.py::test_a_taken_name_keeps_both_images",
        ),
    ),
    41: (
        "requests that the check page did not make",
        (
            "check/test_http_server.py::test_a_change_that_the_page_did_not_make_is_forbidden",
            "check/test_http_server.py::test_a_thousand_hostile_requests_change_nothing",
            "check/test_story.py::test_another_page_and_another_tab_cannot_do_anything",
        ),
    ),
    42: (
        "a person drags, renames and deletes meanwhile",
        ("stories/test_mess.py::test_somebody_drags_renames_and_deletes_while_it_works",),
    ),
    43: (
        "catalogues of earlier and later versions, killed while they are migrated",
        (
            "records/test_versions.py::test_a_catalogue_of_every_earlier_program_opens_and_keeps_every_row",
            "records/test_versions.py::test_killed_anywhere_in_the_migration_the_next_run_finishes_it",
            "records/test_versions.py::test_no_command_touches_a_later_catalogue_or_an_image",
        ),
    ),
}
