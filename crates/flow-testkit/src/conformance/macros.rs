//! The macro that makes each case a test of the backend.

/// Makes every case of the suite a `#[tokio::test]` of its own, in a module for each group.
///
/// The factory is an expression, evaluated in an async function for each case, that gives a fresh store and
/// whatever must be kept until the case has ended (a temporary directory, say):
///
/// ```
/// # use std::sync::Arc;
/// # use flow_engine::MemoryStore;
/// flow_testkit::conformance_tests!((Arc::new(MemoryStore::new()), ()));
/// ```
///
/// A backend that measures leases by a clock of its own writes `leases: database` behind the factory, which
/// leaves out the group [`leases`](crate::conformance::leases). The crate needs tokio with `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_tests {
    ($factory:expr) => {
        $crate::conformance_tests!($factory, leases: database);
        $crate::conformance_tests! { @group leases
            end_on_the_millisecond,
            are_renewed,
            lapse_only_by_a_claim,
            a_purge_goes_by_them,
            can_be_of_any_length,
        }
    };
    ($factory:expr, leases: database) => {
        async fn conformance_store()
        -> (::std::sync::Arc<dyn $crate::conformance::Backend>, ::std::boxed::Box<dyn ::std::any::Any>) {
            let (store, kept) = $factory;
            (store, ::std::boxed::Box::new(kept))
        }

        $crate::conformance_tests! { @group definitions
            unknown_is_none,
            comes_back_to_the_letter,
            doubles_keep_every_bit,
            again_changes_nothing,
            stored_by_many_at_once,
            a_megabyte_survives,
            nul_is_kept_or_refused,
        }
        $crate::conformance_tests! { @group runs_create
            stores_row_and_events,
            extremes_are_kept,
            odd_text_survives,
            doubles_keep_every_bit,
            nul_is_kept_or_refused,
            a_megabyte_survives,
            the_creator_owns_it,
            a_repeat_is_new_again,
            repeats_at_once_store_one,
            a_taken_id_is_refused,
            the_definition_must_be_stored,
            can_wait_at_once,
            can_end_at_once,
            unknown_is_none,
        }
        $crate::conformance_tests! { @group idempotency
            the_second_is_a_duplicate,
            is_unique_in_its_flow_only,
            holds_without_a_flow,
            every_letter_counts,
            expires_on_the_millisecond,
            one_of_many_wins,
            a_purge_deletes_expired_keys,
        }
        $crate::conformance_tests! { @group logs
            begin_empty,
            hold_what_events_say,
            are_searched,
            are_read_in_pages,
            count_a_commit_once,
            need_a_flow,
        }
        $crate::conformance_tests! { @group runs_append
            keeps_the_order,
            takes_large_commits,
            stale_owners_are_refused,
            an_unknown_run_is_stale,
            an_epoch_fences_the_same_node,
            a_repeat_counts_once,
            a_repeated_end_is_released,
            a_repeat_outlives_a_cancel,
            one_of_many_holds_the_place,
            many_runs_at_once,
            an_end_is_for_good,
            answers_are_told_until_taken,
        }
        $crate::conformance_tests! { @group runs_release
            ends_the_ownership,
            happens_only_when_asked,
            is_held_back_by_an_answer,
            is_held_back_by_a_cancel,
            races_an_answer,
        }
        $crate::conformance_tests! { @group runs_claim
            takes_orphans_oldest_first,
            takes_the_oldest_of_all_nodes,
            leaves_living_owners_alone,
            takes_waiting_runs_with_answers,
            an_answer_outlives_its_claimer,
            takes_runs_to_cancel,
            can_name_one_run,
            attempts_count_since_the_last_commit,
            a_refusal_resets_nothing,
            a_node_that_leaves_gives_its_runs_back,
            a_repeated_claim_finds_what_it_took,
            claimers_get_disjoint_runs,
            one_claimer_gets_a_run,
        }
        $crate::conformance_tests! { @group runs_close
            its_wait_is_closed,
            its_timers_are_gone,
            opened_and_closed_is_closed,
            a_create_can_close,
            an_answer_to_it_counts_as_taken,
            whatever_there_is_can_be_closed,
            a_repeat_closes_once,
            ends_close_the_rest,
            races_an_answer,
        }
        $crate::conformance_tests! { @group signals
            unknown_is_none,
            tell_answers_until_taken,
            tell_a_cancel,
        }
        $crate::conformance_tests! { @group snapshots
            stand_for_the_events_before,
            only_grow,
        }
        $crate::conformance_tests! { @group runs_cancel
            unknown_is_missing,
            finished_stays_finished,
            closes_the_waits,
            the_owner_is_told,
            an_acknowledged_cancel_holds,
            later_waits_are_closed,
            an_answer_comes_first,
            only_a_last_answer_defers_it,
            races_an_answer,
            races_the_end,
        }
        $crate::conformance_tests! { @group children
            a_commit_starts_them,
            a_create_starts_them,
            a_repeat_starts_none,
            a_refused_commit_starts_none,
            an_end_answers_the_parent,
            an_end_needs_no_wait,
            a_repeated_end_answers_once,
            a_second_follows_the_first,
            a_cancel_reaches_them,
            a_cancel_goes_down_only,
            an_end_reaches_those_waited_for,
            a_closed_visit_reaches_its_own,
            later_ones_are_cancelled,
            an_end_races_a_cancel,
            many_end_at_once,
        }
        $crate::conformance_tests! { @group waits
            an_open_wait_is_a_row,
            opened_when_its_event_says,
            every_path_is_its_own,
            unknown_is_missing,
            the_first_answer_wins,
            one_of_fifty_wins,
            needs_no_ownership,
            the_list_keeps_all,
        }
        $crate::conformance_tests! { @group waits_expiry
            an_answer_just_in_time_wins,
            a_late_answer_is_told_so,
            an_early_expiry_is_refused,
            an_expiry_is_an_answer,
            extremes_obey,
            races_an_answer,
        }
        $crate::conformance_tests! { @group events
            one_answers_every_open_wait,
            only_equal_topics_meet,
            other_waits_take_none,
            a_later_wait_takes_it,
            a_create_takes_it,
            a_run_takes_each_once,
            waits_of_one_commit_share_out,
            one_wait_of_a_run_at_a_time,
            older_than_the_run_is_not_taken,
            it_expires_on_the_millisecond,
            a_purge_deletes_them_all,
            a_repeat_is_the_same_event,
            an_id_is_one_event,
            a_wait_that_is_over_takes_none,
            a_closed_wait_keeps_its_event,
            its_data_is_kept,
            extremes_are_kept,
            races_the_waits,
            races_other_ends,
            many_at_once,
            an_unknown_workspace_wakes_nobody,
        }
        $crate::conformance_tests! { @group timers
            none_without_an_expiry,
            due_on_the_millisecond,
            go_with_their_waits,
            many_of_one_moment,
            extremes_are_kept,
        }
        $crate::conformance_tests! { @group resting
            nobody_claims_it,
            it_can_rest_at_once,
            a_timer_calls_it_up,
            other_timers_are_other_timers,
            a_cancel_calls_it_up,
            an_answer_calls_it_up,
            who_goes_on_doesnt_rest,
            a_repeat_changes_nothing,
            a_timer_set_again_is_replaced,
            kinds_dont_meet,
            a_finished_run_stays_finished,
            one_of_many_fires_it,
            a_firing_races_its_owner,
        }
        $crate::conformance_tests! { @group slots
            it_is_kept,
            the_oldest_is_next,
            nobody_jumps_the_line,
            each_name_is_its_own,
            who_rests_holds_none,
            who_never_goes_on_needs_none,
            an_orphan_holds_its_own,
            who_leaves_holds_none,
            a_cancel_needs_none,
            each_goes_by_its_own_limit,
            a_claim_fills_the_places,
            a_repeated_claim_takes_the_same,
            a_repeated_create_is_told_the_same,
            a_run_can_be_queued,
            many_at_once_never_exceed_it,
            it_goes_on_where_it_stood,
        }
        $crate::conformance_tests! { @group nodes
            the_store_answers,
            a_zero_lease_gives_all_up,
            a_node_can_come_back,
            an_unknown_node_is_dead,
            a_purge_keeps_their_runs,
        }
        $crate::conformance_tests! { @group catalog
            a_flow_is_stored_whole,
            a_repeat_changes_nothing,
            a_foreign_flow_is_missing,
            a_name_finds_the_oldest,
            a_draft_replaces_the_draft,
            unknown_is_none,
            drafts_at_once_are_counted,
            extremes_are_kept,
        }
        $crate::conformance_tests! { @group versions
            a_publish_makes_a_version,
            numbers_go_up,
            a_changed_draft_is_not_published,
            a_label_is_given_once,
            one_of_many_publishes,
            races_a_change,
        }
        $crate::conformance_tests! { @group hooks
            a_publish_makes_them,
            a_later_publish_keeps_them,
            a_refused_publish_changes_none,
            a_token_is_replaced,
            each_flow_has_its_own,
        }
        $crate::conformance_tests! { @group accounts
            a_workspace_is_made_once,
            a_workspace_is_made_by_one_of_many,
            a_user_is_made_once,
            a_user_is_a_workspaces_own,
            a_user_is_made_by_one_of_many,
        }
        $crate::conformance_tests! { @group tokens
            a_token_tells_the_caller,
            a_token_expires_on_the_millisecond,
            a_revoked_token_ends_at_once,
            a_token_can_be_made_to_exist,
            the_list_is_the_newest_first,
        }
        $crate::conformance_tests! { @group files
            a_file_is_stored_whole,
            a_foreign_file_is_missing,
            a_repeat_changes_nothing,
            extremes_are_kept,
        }
    };
    (@group $group:ident $($case:ident,)+) => {
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    let (store, _kept) = super::conformance_store().await;
                    $crate::conformance::$group::$case(store).await;
                }
            )+
        }
    };
}
