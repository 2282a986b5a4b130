"""The old names of what people type: a refusal names the new one.

They changed when the house was put in order, before step 13.
"""

BEHAVIOURS = {
    "the_server_hangs_up_on_who_has_finished": "closes_after_eof",
    "one_client_does_not_keep_another_out": "one_client_does_not_block_another",
    "who_joins_is_told_that_it_is_done": "joining_is_acknowledged",
    "who_leaves_is_told_that_it_is_done": "leaving_is_acknowledged",
    "what_is_asked_for_is_printed": "requests_are_printed",
    "an_action_that_nobody_knows_ends_nothing": "an_unknown_action_keeps_the_connection",
    "who_sends_rubbish_harms_nobody_else": "rubbish_harms_no_other_client",
    "who_has_not_said_connect_is_not_heard": "messages_before_connect_are_ignored",
    "who_should_hear_is_printed": "recipients_are_printed",
    "what_one_client_says_arrives_in_order": "messages_arrive_in_order",
    "who_hears_it_is_decided_when_it_is_said": "recipients_are_fixed_when_a_message_is_sent",
    "other_rooms_hear_nothing": "a_message_stays_in_its_room",
    "the_room_hears_who_joins": "the_room_hears_a_join",
    "the_room_hears_who_leaves": "the_room_hears_a_leave",
    "the_room_hears_whose_connection_ends": "the_room_hears_a_disconnect",
    "who_breaks_off_leaves_the_room": "an_aborted_connection_leaves_the_room",
    "members_who_leave_do_not_harm_a_talker": "leaving_members_do_not_harm_a_talker",
    "a_slow_reader_holds_up_nobody": "a_slow_reader_delays_no_other",
    "who_does_not_read_is_dropped": "a_client_that_never_reads_is_disconnected",
    "who_sends_much_at_once_does_not_keep_the_others_waiting": "a_burst_does_not_delay_other_clients",
    "everyone_hears_that_it_is_over": "everyone_gets_bye_at_shutdown",
    "all_have_heard_the_same_when_it_ends": "all_members_get_the_same_at_shutdown",
    "it_ends_whatever_the_clients_do": "no_client_can_delay_the_exit",
    "what_is_refused_is_answered": "refusals_are_answered",
    "no_message_is_too_large_for_the_others": "no_message_is_too_large_to_deliver",
    "who_may_not_do_something_is_told_so": "forbidden_requests_are_refused",
    "what_is_printed_of_a_name_is_escaped": "printed_names_are_escaped",
    "a_room_is_taken_without_what_surrounds_it": "room_names_are_stripped",
    "names_are_taken_without_what_surrounds_them": "names_are_stripped",
    "what_is_no_message_is_refused": "bad_payloads_are_refused",
    "a_payload_is_refused_before_it_comes": "an_oversized_payload_is_refused_before_it_arrives",
    "what_is_said_at_once_is_one_write": "writes_are_batched_per_turn",
    "who_never_says_connect_is_let_go": "no_connect_in_10_seconds_disconnects",
    "who_does_not_finish_a_frame_is_let_go": "an_unfinished_frame_disconnects",
    "who_takes_nothing_is_dropped": "a_client_that_takes_nothing_is_disconnected",
    "who_has_finished_and_takes_nothing_is_dropped": "a_finished_client_that_takes_nothing_is_disconnected",
    "who_does_not_answer_a_ping_is_let_go": "an_unanswered_ping_disconnects",
    "who_answers_every_ping_stays": "a_client_that_answers_pings_stays",
    "who_talks_is_not_disturbed": "a_talking_client_is_not_pinged",
    "after_a_standstill_nobody_is_let_go": "after_a_suspension_no_client_is_disconnected",
    "who_talks_too_fast_is_slowed_down": "a_fast_sender_is_slowed_down",
    "what_is_too_much_waits_where_it_comes_from": "backpressure_reaches_the_sender",
    "who_never_rests_is_let_go": "a_sender_that_never_rests_is_disconnected",
    "who_reads_is_not_thrown_out_by_one_who_talks_faster": "a_reader_is_not_disconnected_by_a_fast_sender",
    "who_finds_an_address_full_is_told_so": "connections_per_address_are_limited",
    "who_is_refused_takes_no_place": "a_refused_client_takes_no_place",
    "who_finds_the_server_full_is_told_so": "connections_in_total_are_limited",
    "who_is_in_fifty_rooms_cannot_join_another": "rooms_per_client_are_limited",
}
SETTINGS = {
    "BEAT": "TICK",
    "MAX_BACKLOG": "MAX_UNSENT",
    "MOMENT": "ONE_TURN",
    "MOST_CLIENTS": "MAX_CLIENTS",
    "MOST_PER_ADDRESS": "MAX_PER_ADDRESS",
    "MOST_ROOMS": "MAX_ROOMS",
}
OPTIONS = {"--trouble": "--fault", "--troubles": "--faults"}


def hint(name: str) -> str:
    """Return what to say after a refusal of this name; nothing if it never existed."""
    for names in (BEHAVIOURS, SETTINGS, OPTIONS):
        if name in names:
            return f"; it is called {names[name]} now"
    return ""
