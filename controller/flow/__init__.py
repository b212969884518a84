"""What each state of the workflow does, written against the ports: all of it, in the order in which it happens.

    Receive release           receive.receive
    Validate bundle           validate.validate
    Wait for lock             wait_for_lock.wait_for_lock
    Record restore point      record_restore_point.record_restore_point
    Stage component           stage.stage
    Run task                  run_task.run_task                 if the release does something before its tests
    Test staged release       test.test_staged
    Ask pre-traffic hook      ask_hook.ask_hook
    Shift traffic             shift.shift                       from here on once for each traffic step
    Verify                    verify.verify
    Ask post-traffic hook     ask_hook.ask_hook
    Judge canary              judge.judge
    Pause for a person        pause.pause
    Resume                    resume.resume
    Guard alarms              guard.guard
    Complete                  complete.complete

    Begin rollback            begin_rollback.begin_rollback     the rollback machine, in `rollback/`
    Restore component         restore.restore_component
    Verify restoration        verify_restoration.verify_restoration
    Unstage component         unstage.unstage
    Close deployment          close.close_rollback

Beside the workflow, an alarm restores traffic (`on_alarm.on_alarm`), a person can do the same
(`rollback.emergency.emergency`) or unlock a held environment (`rollback.unlock.unlock`), and the reconciler finds
deployments whose execution died (`reconcile.reconcile`). Every deployment ends in `shared.closure.close`. What must be
true before anything is touched is in `preconditions/`, the two states of a pause are in `pausing/`, and what several
states share is in `shared/`.

Two of these modules are the protocol of `docs/protocol.md`: the lock changes hands in `shared.hand_over`, and
`shared.fence` says who may move traffic.
"""
