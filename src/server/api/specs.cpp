// What bodies and answers look like: one table for the checks, the document and the reference.
#include "server/api/specs.hpp"

namespace cordyna::server {
namespace {

using enum ValueType;

constexpr std::array<std::string_view, 2> kDecisions{"approve", "reject"};
constexpr std::array<std::string_view, 3> kActions{"pause", "resume", "cancel"};
constexpr std::array<std::string_view, 4> kRoleNames{"viewer", "operator", "author", "admin"};
constexpr std::array<std::string_view, 3> kTokenKinds{"personal", "service", "server"};

constexpr std::array kProblemFields{
    Field{"type", kString, true, "about:blank."},
    Field{"title", kString, true, "The code for people."},
    Field{"status", kInteger, true, "The HTTP status."},
    Field{"code", kString, true, "One word for programs."},
    Field{"detail", kString, true, "What, where, and what would be right."},
    Field{"errors", kRefs, false, "All that is wrong.", {}, "Flaw"},
};
constexpr std::array kFlawFields{
    Field{"at", kString, true, "Where: a JSON pointer, a parameter, a line of a file."},
    Field{"detail", kString, true, "What was found, and what would be right."},
};
constexpr std::array kTaskErrorFields{
    Field{"code", kString, true, "One word for programs."},
    Field{"message", kString, true, "For people."},
    Field{"phase", kString, true, "When."},
    Field{"retryable", kBoolean, true, "Whether another attempt may help."},
    Field{"owner", kString, true, "Who is responsible."},
    Field{"exit_code", kInteger, false, "Of the process.", {}, {}, -1000000},
};
constexpr std::array kParentFields{
    Field{"run", kInteger, true, "The number of its run."},
    Field{"task", kString, true, "Its path."},
};
constexpr std::array kRunFields{
    Field{"run", kInteger, true, "Its number."},
    Field{"id", kString, true, "Its id."},
    Field{"flow", kString, true, "The id of its flow."},
    Field{"namespace", kString, true, "The namespace of its flow."},
    Field{"state", kString, true, "Its state.", kRunStates},
    Field{"trigger", kString, false, "The trigger that started it."},
    Field{"scheduled_for", kTime, false, "The time it stands for."},
    Field{"rerun_of", kInteger, false, "The run that it takes over from."},
    Field{"backfill", kInteger, false, "Its backfill."},
    Field{"parent", kRef, false, "", {}, "Parent"},
    Field{"created_at", kTime, false, "When it was asked for."},
    Field{"started_at", kTime, false, "When it began."},
    Field{"ended_at", kTime, false, "When it ended."},
    Field{"duration_ms", kInteger, false, "From its beginning to its end."},
    Field{"warnings", kInteger, true, "How many."},
    Field{"cancel_requested", kBoolean, true, "Whether somebody cancelled it."},
    Field{"inputs", kObject, true, "Its inputs."},
    Field{"outputs", kObject, false, "Its outputs."},
    Field{"error", kRef, false, "Why it failed.", {}, "TaskError"},
};
constexpr std::array kRunsFields{
    Field{"runs", kRefs, true, "Newest first.", {}, "Run"},
    Field{"next", kString, false, "For `before`, where there are more."},
};
constexpr std::array kTaskFields{
    Field{"task", kString, true, "Its path."},
    Field{"state", kString, true, "Its state."},
    Field{"attempt", kInteger, true, "The newest; 0: none yet."},
    Field{"warnings", kInteger, true, "How many."},
    Field{"first_at", kTime, false, "When its first attempt was made."},
    Field{"ended_at", kTime, false, "When it ended."},
    Field{"retry_at", kTime, false, "When the next attempt may be."},
    Field{"blocked_by", kString, false, "The task that it can never run for."},
    Field{"outputs", kObject, false, "Its outputs."},
    Field{"error", kRef, false, "Why it failed.", {}, "TaskError"},
};
constexpr std::array kHoldFields{
    Field{"task", kString, true, "Its path."},
    Field{"state", kString, true, "held, approved, rejected."},
    Field{"attempt", kInteger, true, "Which asks."},
    Field{"reason", kString, false, "Why."},
    Field{"by", kString, false, "Who decided."},
    Field{"note", kString, false, "What was said."},
    Field{"held_at", kTime, false, "Since when."},
    Field{"decided_at", kTime, false, "When it was decided."},
};
constexpr std::array kTasksFields{
    Field{"tasks",
          kRefs,
          true,
          "Those of which something changed; the others are pending.",
          {},
          "Task"},
    Field{"holds", kRefs, true, "What waits for a person.", {}, "Hold"},
    Field{"history_seq", kInteger, true, "The newest entry of its history that is in here."},
};
constexpr std::array kAttemptFields{
    Field{"task", kString, true, "The path of its task."},
    Field{"attempt", kInteger, true, "Its number, from 1."},
    Field{"state", kString, true, "Its state."},
    Field{"created_at", kTime, false, "When it was made."},
    Field{"dispatched_at", kTime, false, "When it was handed out."},
    Field{"acknowledged_at", kTime, false, "When it was taken."},
    Field{"started_at", kTime, false, "When it began."},
    Field{"ended_at", kTime, false, "When it ended."},
    Field{"deadline_at", kTime, false, "When its present phase must be over."},
    Field{"pool", kString, false, "Whose slot it takes."},
    Field{"place", kString, false, "Where it runs."},
    Field{"error", kRef, false, "Why it failed.", {}, "TaskError"},
};
constexpr std::array kAttemptsFields{
    Field{"attempts", kRefs, true, "By path, then number.", {}, "Attempt"},
};
constexpr std::array kUpdateFields{
    Field{"at", kTime, true, "When."},
    Field{"run", kInteger, true, "The run."},
    Field{"seq", kInteger, true, "Its place in the history."},
    Field{"task", kString, false, "The path of the task; none: the run itself."},
    Field{"attempt", kInteger, false, "Of the task."},
    Field{"state", kString, false, "The state from now on."},
    Field{"attempt_state", kString, false, "The state of the attempt from now on."},
    Field{"detail", kString, false, "For people."},
    Field{"error", kRef, false, "Why it failed.", {}, "TaskError"},
};
constexpr std::array kHistoryPageFields{
    Field{"history", kRefs, true, "In order.", {}, "Update"},
    Field{"next", kString, false, "For `after`, where there is more."},
};
constexpr std::array kBlockerFields{
    Field{"task", kString, true, "Its path; empty: the run."},
    Field{"kind", kString, true, "One word for programs."},
    Field{"what", kString, true, "What it is."},
    Field{"run", kInteger, false, "The run in the way."},
    Field{"driven", kBoolean, false, "Whether somebody drives that run."},
    Field{"pool", kString, false, "Whose slot it waits for."},
    Field{"places", kStrings, false, "Of one that waits for a place: those that could take it."},
    Field{"since", kTime, false, "Since when."},
    Field{"until", kTime, false, "Until when."},
    Field{"owner", kString, true, "Whose it is."},
};
constexpr std::array kWhyFields{
    Field{"run", kInteger, true, "Its number."},
    Field{"state", kString, true, "Its state."},
    Field{"tasks", kRefs, true, "Empty: it has ended.", {}, "Blocker"},
};
constexpr std::array kLineFields{
    Field{"at", kTime, true, "When."},
    Field{"stream", kString, true, "stdout, stderr, system."},
    Field{"text", kString, true, "The line."},
    Field{"continued", kBoolean, false, "Goes on from the one before."},
};
constexpr std::array kLogFields{
    Field{"lines", kRefs, true, "In order.", {}, "LogLine"},
    Field{"attempt", kInteger, true, "Of which attempt."},
    Field{"offset", kInteger, true, "Where the next lines are."},
    Field{"ended", kBoolean, true, "Nothing comes after these."},
};
constexpr std::array kReportFields{
    Field{"attempt", kInteger, true, "Of which attempt; 0: there is none yet."},
    Field{"report", kObject, false, "What it reported; none: nothing, as most tasks do."},
    Field{"gone", kStrings, false, "Outputs whose files are no longer there."},
};
constexpr std::array kRunFlowFields{
    Field{"flow", kString, true, "Namespace and id."},
    Field{"namespace", kString, true, "Its namespace; empty: none."},
    Field{"id", kString, true, "Its id."},
    Field{"hash", kString, true, "Of its content."},
    Field{"canonical", kObject, true, "All of it, with its defaults."},
};
constexpr std::array kStartFields{
    Field{"inputs", kObject, false, "By name; the others have their defaults."},
    Field{"no_cache", kBoolean, false, "Its tasks do all their work."},
};
constexpr std::array kStartedFields{
    Field{"run", kInteger, true, "Its number."},
    Field{"id", kString, true, "Its id."},
};
constexpr std::array kRerunFields{
    Field{"from", kString, false, "Also runs this task again, and what comes after it."},
    Field{"inputs", kObject, false,
          "Other values, by name; without `from`, all tasks run again then."},
    Field{"no_cache", kBoolean, false, "Its tasks do all their work."},
    Field{"latest", kBoolean, false,
          "Of the flow's version of now: tasks that are others in it run again, too."},
};
constexpr std::array kRerunPlanFields{
    Field{"rerun_of", kInteger, true, "The number of the run."},
    Field{"taken", kStrings, true, "Tasks that are taken over."},
    Field{"again", kStrings, true, "Tasks that run again."},
};
constexpr std::array kDecisionFields{
    Field{"decision", kString, true, "What.", kDecisions},
    Field{"task", kString, false, "Its path; else the only one that is held."},
    Field{"note", kString, false, "Why."},
    Field{"inputs", kObject, false, "What the pause asks for."},
};
constexpr Field kFlowEnabled{"enabled", kBoolean, true, "Whether anything starts runs of it."};
constexpr Field kFlowDisabledAt{"disabled_at", kTime, false, "Since when not."};
constexpr Field kFlowDisabledBy{"disabled_by", kString, false, "Who disabled it."};
constexpr Field kFlowDisabledReason{"disabled_reason", kString, false, "Why."};
constexpr Field kFlowGit{"git", kRef, false, "Of one that is of a branch.", {}, "GitPlace"};
constexpr std::array kFlowRowFields{
    Field{"flow", kString, true, "Namespace and id."},
    Field{"namespace", kString, true, "Its namespace; empty: none."},
    Field{"id", kString, true, "Its id."},
    Field{"version", kInteger, true, "The number of this version."},
    Field{"hash", kString, true, "Of its content."},
    Field{"applied_at", kTime, false, "When this version was."},
    Field{"removed_at", kTime, false, "When it was removed."},
    Field{"file", kString, false, "Where it was read from."},
    kFlowGit,
    kFlowEnabled,
    kFlowDisabledAt,
    kFlowDisabledBy,
    kFlowDisabledReason,
};
constexpr std::array kFlowSwitchFields{
    Field{"enabled", kBoolean, true, "Whether it starts runs from now on."},
    Field{"reason", kString, false, "Why it is disabled, at most 1000 bytes."},
};
constexpr std::array kFlowFields{
    Field{"flow", kString, true, "Namespace and id."},
    Field{"namespace", kString, true, "Its namespace; empty: none."},
    Field{"id", kString, true, "Its id."},
    Field{"version", kInteger, true, "The number of this version."},
    Field{"hash", kString, true, "Of its content."},
    Field{"applied_at", kTime, false, "When this version was."},
    Field{"removed_at", kTime, false, "When it was removed."},
    Field{"file", kString, false, "Where it was read from."},
    kFlowGit,
    kFlowEnabled,
    kFlowDisabledAt,
    kFlowDisabledBy,
    kFlowDisabledReason,
    Field{"follows",
          kRef,
          false,
          "The branch that it is of, and how following goes.",
          {},
          "GitFollow"},
    Field{"source", kString, false, "The text that it was written as, where it was a file."},
    Field{"canonical", kObject, true, "All of it, with its defaults."},
};
constexpr std::array kFlowsFields{
    Field{"flows", kRefs, true, "By name.", {}, "FlowRow"},
    Field{"next", kString, false, "For `after`, where there are more."},
};
constexpr std::array kVersionFields{
    Field{"version", kInteger, true, "Its number."},
    Field{"hash", kString, true, "Of its content."},
    Field{"applied_at", kTime, false, "When."},
    Field{"runs", kInteger, true, "How many runs this content had."},
    Field{"file", kString, false, "Where it was read from."},
    kFlowGit,
};
constexpr std::array kVersionsFields{
    Field{"versions", kRefs, true, "Newest first.", {}, "Version"},
    Field{"next", kString, false, "For `before`, where there are more."},
};
constexpr std::array kFlowFileFields{
    Field{"name", kString, true, "Names it in messages."},
    Field{"text", kString, true, "YAML."},
};
constexpr std::array kDiagnosticFields{
    Field{"severity", kString, true, "error or warning."},
    Field{"file", kString, true, "Its name."},
    Field{"line", kInteger, true, "From 1."},
    Field{"column", kInteger, true, "From 1."},
    Field{"code", kString, true, "One word for programs."},
    Field{"message", kString, true, "What was found, and what would be right."},
};
constexpr std::array kValidatedFields{
    Field{"valid", kBoolean, true, "Whether it can be applied."},
    Field{"flow", kString, false, "Its name."},
    Field{"diagnostics", kRefs, true, "In order of place.", {}, "Diagnostic"},
};
constexpr std::array kApplyFields{
    Field{"files", kRefs, true, "All or none.", {}, "FlowFile"},
    Field{"dry_run", kBoolean, false, "Only says what would change."},
};
constexpr std::array kPlannedFields{
    Field{"flow", kString, true, "Its name."},
    Field{"action", kString, true, "added, changed, unchanged."},
    Field{"version", kInteger, true, "That it has then."},
    Field{"from_version", kInteger, false, "That it had."},
    Field{"hash", kString, true, "Of its content."},
    Field{"file", kString, false, "Its name."},
};
constexpr std::array kAppliedFields{
    Field{"flows", kRefs, true, "By name.", {}, "PlannedFlow"},
    Field{"diagnostics", kRefs, true, "Warnings.", {}, "Diagnostic"},
};
constexpr std::array kDueFields{
    Field{"trigger", kString, true, "Its id."},
    Field{"timezone", kString, true, "Its time zone."},
    Field{"local", kString, true, "As clocks there show it."},
    Field{"scheduled_for", kTime, true, "The time."},
    Field{"starts_at", kTime, true, "With its jitter."},
};
constexpr std::array kNextTimesFields{
    Field{"flow", kString, true, "Its name."},
    Field{"next", kRefs, true, "In order.", {}, "NextTime"},
};
constexpr std::array kTickFields{
    Field{"at", kTime, true, "When it was decided."},
    Field{"tick", kString, true, "run, skipped, begun, error."},
    Field{"flow", kString, true, "Namespace and id."},
    Field{"trigger", kString, true, "Its id."},
    Field{"scheduled_for", kTime, true, "The time."},
    Field{"run", kInteger, false, "The run for it."},
    Field{"first", kTime, false, "Of many that were skipped, the first."},
    Field{"count", kInteger, false, "How many were skipped."},
    Field{"detail", kString, false, "Why."},
};
constexpr std::array kTicksFields{
    Field{"ticks", kRefs, true, "Newest first.", {}, "Tick"},
    Field{"next", kString, false, "For `before`, where there are more."},
};
constexpr std::array kBackfillFields{
    Field{"backfill", kInteger, true, "Its number."},
    Field{"id", kString, true, "Its id."},
    Field{"flow", kString, true, "The id of its flow."},
    Field{"namespace", kString, true, "The namespace of its flow."},
    Field{"trigger", kString, false, "Whose times it goes by."},
    Field{"every_ms", kInteger, false, "Or by this step."},
    Field{"state", kString, true, "Its state."},
    Field{"from", kTime, true, "From this time on."},
    Field{"to", kTime, true, "Until this time."},
    Field{"parallel", kInteger, true, "Runs at a time."},
    Field{"only_missing", kBoolean, true, "Leaves out what is done."},
    Field{"reverse", kBoolean, true, "The newest first."},
    Field{"total", kInteger, true, "Times in all."},
    Field{"started", kInteger, true, "Runs that were started."},
    Field{"skipped", kInteger, true, "Times that were left out."},
    Field{"refused", kInteger, true, "Times without a run."},
    Field{"completed", kInteger, true, "Runs that ended well."},
    Field{"failed", kInteger, true, "Runs that failed."},
    Field{"cancelled", kInteger, true, "Runs that were cancelled."},
    Field{"running", kInteger, true, "Runs that go on."},
    Field{"held", kInteger, true, "Runs that wait for a person."},
    Field{"created_at", kTime, true, "When it was asked for."},
    Field{"ended_at", kTime, false, "When it ended."},
    Field{"detail", kString, false, "For people."},
};
constexpr std::array kBackfillsFields{
    Field{"backfills", kRefs, true, "Newest first.", {}, "Backfill"},
    Field{"next", kString, false, "For `before`, where there are more."},
};
constexpr std::array kSteerFields{
    Field{"action", kString, true, "What.", kActions},
};
constexpr std::array kSteeredFields{
    Field{"backfill", kInteger, true, "Its number."},
};
constexpr std::array kHolderFields{
    Field{"run", kInteger, true, "Its run."},
    Field{"task", kString, true, "Its path."},
};
constexpr std::array kSecretFields{
    Field{"name", kString, true, "Its name."},
    Field{"set_at", kTime, true, "When."},
};
constexpr std::array kSecretsFields{
    Field{"secrets", kRefs, true, "By name.", {}, "Secret"},
};
constexpr std::array kSecretValueFields{
    Field{"value", kString, true, "The value."},
};
constexpr std::array kGrantFields{
    Field{"namespace", kString, true, "Or * for all."},
    Field{"role", kString, true, "The role.", kRoleNames},
};
constexpr std::array kUserFields{
    Field{"name", kString, true, "The name."},
    Field{"grants", kRefs, true, "What the user may.", {}, "Grant"},
    Field{"has_password", kBoolean, true, "Whether a login by password works."},
    Field{"created_at", kTime, true, "When."},
    Field{"version", kInteger, true, "Goes up with each change."},
    Field{"disabled_at", kTime, false, "Since when nothing of the user works."},
};
constexpr std::array kUsersFields{
    Field{"users", kRefs, true, "By name.", {}, "User"},
};
constexpr std::array kUserChangeFields{
    Field{"grants", kRefs, false, "All of them.", {}, "Grant"},
    Field{"password", kString, false, "At least 12 bytes."},
    Field{"disabled", kBoolean, false, "Nothing of the user works any more."},
};
constexpr std::array kTokenFields{
    Field{"id", kString, true, "Not secret."},
    Field{"kind", kString, true, "personal, service, session, login, server."},
    Field{"name", kString, true, "For people."},
    Field{"user", kString, false, "Whose."},
    Field{"grants", kRefs, true, "What it may.", {}, "Grant"},
    Field{"created_by", kString, true, "Who made it."},
    Field{"created_at", kTime, true, "When."},
    Field{"expires_at", kTime, false, "Until when it is good."},
    Field{"revoked_at", kTime, false, "Since when it is not."},
};
constexpr std::array kNewTokenFields{
    Field{"id", kString, true, "Not secret."},
    Field{"kind", kString, true, "personal, service, session, login, server."},
    Field{"name", kString, true, "For people."},
    Field{"user", kString, false, "Whose."},
    Field{"grants", kRefs, true, "What it may.", {}, "Grant"},
    Field{"created_by", kString, true, "Who made it."},
    Field{"created_at", kTime, true, "When."},
    Field{"expires_at", kTime, false, "Until when it is good."},
    Field{"revoked_at", kTime, false, "Since when it is not."},
    Field{"token", kString, true, "All of it: shown this once."},
};
constexpr std::array kTokensFields{
    Field{"tokens", kRefs, true, "By id.", {}, "Token"},
};
constexpr std::array kTokenWishFields{
    Field{"name", kString, true, "For people."},
    Field{"kind", kString, true, "Whose it is.", kTokenKinds},
    Field{"grants", kRefs, true, "No more than the caller has.", {}, "Grant"},
    Field{"expires_at", kTime, false, "Until when it is good."},
};
constexpr std::array kLoginFields{
    Field{"user", kString, false, "The name."},
    Field{"password", kString, false, "The password."},
    Field{"link_token", kString, false, "Of a login link, instead."},
};
constexpr std::array kSessionFields{
    Field{"user", kString, true, "Who."},
    Field{"csrf_token", kString, true, "For the header X-CSRF-Token of each write."},
    Field{"expires_at", kTime, true, "Until when it is good."},
};
constexpr std::array kMeFields{
    Field{"actor", kString, true, "As in the audit."},
    Field{"user", kString, false, "The name."},
    Field{"grants", kRefs, true, "What it may.", {}, "Grant"},
    Field{"csrf_token", kString, false, "Of a session: what its writes must send as X-CSRF-Token."},
};
constexpr std::array kBackfillInputFields{
    Field{"name", kString, true, "Of an input of the flow."},
    Field{"value", kString, true, "As on a command line; may be a template over `run`."},
};
constexpr std::array kBackfillWishFields{
    Field{"from", kString, true,
          "The first time: by the clocks of the trigger, or with an offset."},
    Field{"to", kString, true, "The time before which it ends."},
    Field{"trigger", kString, false, "Whose times; the only schedule where there is one."},
    Field{"every", kString, false, "A duration, instead of the times of a trigger."},
    Field{"parallel", kInteger, false, "So many runs at a time; 1 unless said.", {}, {}, 1, 1000},
    Field{"only_missing", kBoolean, false, "Not those times of which a run has ended well."},
    Field{"newest_first", kBoolean, false, "From the last time down."},
    Field{"inputs", kRefs, false, "What the trigger does not give.", {}, "BackfillInput"},
    Field{"dry_run", kBoolean, false, "Only tells the times."},
};
constexpr std::array kBackfillTimeFields{
    Field{"scheduled_for", kTime, true, "The time."},
    Field{"from", kTime, true, "Where its interval begins."},
};
constexpr std::array kBegunFields{
    Field{"backfill", kInteger, false, "Its number."},
    Field{"times", kRefs, false, "Of a dry run.", {}, "BackfillTime"},
};
constexpr std::array kPartChangesFields{
    Field{"added", kStrings, true, "Ids."},
    Field{"changed", kStrings, true, "Ids."},
    Field{"removed", kStrings, true, "Ids."},
};
constexpr std::array kFlowDiffFields{
    Field{"flow", kString, true, "The flow, with its namespace."},
    Field{"from", kInteger, true, "The version before."},
    Field{"to", kInteger, true, "The version after."},
    Field{"tasks", kRef, true, "Of tasks, by their paths.", {}, "PartChanges"},
    Field{"triggers", kRef, true, "Of triggers.", {}, "PartChanges"},
    Field{"inputs", kRef, true, "Of inputs.", {}, "PartChanges"},
    Field{"diff", kStrings, true, "Lines of a unified diff."},
};
constexpr std::array kNamespaceFields{
    Field{"namespace", kString, true, "Its name; empty: of flows without one."},
    Field{"flows", kInteger, true, "How many flows are applied there."},
};
constexpr std::array kNamespacesFields{
    Field{"namespaces", kRefs, true, "By name.", {}, "Namespace"},
};
}  // namespace

const ObjectSpec kAnyObject{"Document", "Any JSON object.", {}};
const ObjectSpec kProblem{"Problem", "What went wrong (RFC 9457).", kProblemFields};
const ObjectSpec kFlaw{"Flaw", "One thing that is wrong.", kFlawFields};
const ObjectSpec kTaskError{"TaskError", "Why a task or a run failed.", kTaskErrorFields};
const ObjectSpec kParent{"Parent", "The task that began a run.", kParentFields};
const ObjectSpec kRun{"Run", "A run.", kRunFields};
const ObjectSpec kRuns{"Runs", "Runs.", kRunsFields};
const ObjectSpec kTask{"Task", "A task of a run.", kTaskFields};
const ObjectSpec kHold{"Hold", "A task that waits, or waited, for a person.", kHoldFields};
const ObjectSpec kTasks{"Tasks", "The tasks of a run.", kTasksFields};
const ObjectSpec kAttempt{"Attempt", "An attempt of a task.", kAttemptFields};
const ObjectSpec kAttempts{"Attempts", "Attempts.", kAttemptsFields};
const ObjectSpec kUpdate{"Update", "Something that happened to a run.", kUpdateFields};
const ObjectSpec kHistoryPage{"History", "The history of a run.", kHistoryPageFields};
const ObjectSpec kBlocker{"Blocker", "What keeps a task from running.", kBlockerFields};
const ObjectSpec kWhy{"Why", "Why the tasks of a run are not running.", kWhyFields};
const ObjectSpec kLine{"LogLine", "A line of output.", kLineFields};
const ObjectSpec kLog{"Log", "Lines of a log.", kLogFields};
const ObjectSpec kReport{"Report", "What a data step reported.", kReportFields};
const ObjectSpec kRunFlow{"RunFlow", "The flow as a run has it.", kRunFlowFields};
const ObjectSpec kStart{"StartRun", "A run that is wished.", kStartFields};
const ObjectSpec kStarted{"RunRef", "Which run it is.", kStartedFields};
const ObjectSpec kRerun{"Rerun", "A rerun that is wished.", kRerunFields};
const ObjectSpec kRerunPlan{"RerunPlan", "What a rerun would run.", kRerunPlanFields};
const ObjectSpec kDecision{"Decision", "A person's word.", kDecisionFields};
const ObjectSpec kFlowRow{"FlowRow", "A flow in a list.", kFlowRowFields};
const ObjectSpec kFlow{"Flow", "A flow.", kFlowFields};
const ObjectSpec kFlowSwitch{"SwitchFlow", "Whether a flow starts runs.", kFlowSwitchFields};
const ObjectSpec kFlows{"Flows", "Flows.", kFlowsFields};
const ObjectSpec kVersion{"Version", "A version of a flow.", kVersionFields};
const ObjectSpec kVersions{"Versions", "Versions.", kVersionsFields};
const ObjectSpec kFlowFile{"FlowFile", "The text of a flow.", kFlowFileFields};
const ObjectSpec kDiagnostic{"Diagnostic", "Something found in the text of a flow.",
                             kDiagnosticFields};
const ObjectSpec kValidated{"Validated", "What was found.", kValidatedFields};
const ObjectSpec kApply{"Apply", "Flows that are to be applied.", kApplyFields};
const ObjectSpec kPlanned{"PlannedFlow", "What becomes of a flow.", kPlannedFields};
const ObjectSpec kApplied{"Applied", "What became of the flows.", kAppliedFields};
const ObjectSpec kDue{"NextTime", "A time at which a trigger is due.", kDueFields};
const ObjectSpec kNextTimes{"NextTimes", "When a flow is due next.", kNextTimesFields};
const ObjectSpec kTick{"Tick", "What became of a time.", kTickFields};
const ObjectSpec kTicks{"Ticks", "Ticks.", kTicksFields};
const ObjectSpec kBackfill{"Backfill", "A backfill.", kBackfillFields};
const ObjectSpec kBackfills{"Backfills", "Backfills.", kBackfillsFields};
const ObjectSpec kSteer{"SteerBackfill", "What becomes of it.", kSteerFields};
const ObjectSpec kSteered{"BackfillRef", "Which backfill it is.", kSteeredFields};
const ObjectSpec kBackfillInput{"BackfillInput", "A value for an input.", kBackfillInputFields};
const ObjectSpec kBackfillWish{"BackfillWish", "What is to be run again.", kBackfillWishFields};
const ObjectSpec kBackfillTime{"BackfillTime", "A time that has a run.", kBackfillTimeFields};
const ObjectSpec kBegun{"BackfillBegun", "What has begun, or would.", kBegunFields};
const ObjectSpec kPartChanges{"PartChanges", "How parts of a flow differ.", kPartChangesFields};
const ObjectSpec kFlowDiff{"FlowDiff", "How two versions differ.", kFlowDiffFields};
const ObjectSpec kNamespace{"Namespace", "A namespace.", kNamespaceFields};
const ObjectSpec kNamespaces{"Namespaces", "Namespaces.", kNamespacesFields};
const ObjectSpec kHolder{"Holder", "A task with a slot, or that wants one.", kHolderFields};
const ObjectSpec kSecret{"Secret", "A secret, without its value.", kSecretFields};
const ObjectSpec kSecrets{"Secrets", "Secrets.", kSecretsFields};
const ObjectSpec kSecretValue{"SecretValue", "A value that is to be kept.", kSecretValueFields};
const ObjectSpec kGrant{"Grant", "A role in a namespace and those below it.", kGrantFields};
const ObjectSpec kUser{"User", "A user.", kUserFields};
const ObjectSpec kUsers{"Users", "Users.", kUsersFields};
const ObjectSpec kUserChange{"UserChange", "What is to be changed; the rest stays.",
                             kUserChangeFields};
const ObjectSpec kToken{"Token", "A token, without its secret.", kTokenFields};
const ObjectSpec kNewToken{"NewToken", "A token that was made.", kNewTokenFields};
const ObjectSpec kTokens{"Tokens", "Tokens.", kTokensFields};
const ObjectSpec kTokenWish{"TokenWish", "A token that is wished.", kTokenWishFields};
const ObjectSpec kLogin{"Login", "Who logs in.", kLoginFields};
const ObjectSpec kSession{"Session", "A session; its token is in a cookie.", kSessionFields};
const ObjectSpec kMe{"Me", "The caller.", kMeFields};

shape::Specs object_specs() {
  static constexpr std::array kAll{
      &kAnyObject,     &kProblem,      &kFlaw,         &kTaskError,   &kParent,
      &kRun,           &kRuns,         &kTask,         &kHold,        &kTasks,
      &kAttempt,       &kAttempts,     &kUpdate,       &kHistoryPage, &kBlocker,
      &kWhy,           &kLine,         &kLog,          &kStart,       &kStarted,
      &kRerun,         &kDecision,     &kFlowRow,      &kFlow,        &kFlows,
      &kVersion,       &kVersions,     &kFlowFile,     &kDiagnostic,  &kValidated,
      &kApply,         &kPlanned,      &kApplied,      &kDue,         &kNextTimes,
      &kTick,          &kTicks,        &kBackfill,     &kBackfills,   &kSteer,
      &kSteered,       &kHolder,       &kRate,         &kPool,        &kPools,
      &kSecret,        &kSecrets,      &kSecretValue,  &kGrant,       &kUser,
      &kUsers,         &kUserChange,   &kToken,        &kNewToken,    &kTokens,
      &kTokenWish,     &kLogin,        &kSession,      &kMe,          &kAuditRow,
      &kAuditPage,     &kAccepted,     &kTrigger,      &kTriggers,    &kInput,
      &kInputs,        &kEvent,        &kEvents,       &kSettle,      &kSettled,
      &kBackfillInput, &kBackfillWish, &kBackfillTime, &kBegun,       &kPartChanges,
      &kFlowDiff,      &kNamespace,    &kNamespaces,   &kArtifact,    &kArtifacts,
      &kReport,        &kRunFlow,      &kRerunPlan,    &kFlowSwitch,  &kTaskServer,
      &kTaskServers,   &kInFlight,     &kMessage,      &kMessages,    &kPlannedRun,
      &kRunPlan,       &kNotice,       &kNotices,      &kAlert,       &kChannel,
      &kAlerts,        &kAuditCheck,   &kPlace,        &kPlaces,      &kGitCommit,
      &kGitFlaw,       &kGitPlace,     &kGitFollowing, &kGit,         &kGitSync,
      &kGitPush};
  return kAll;
}

}  // namespace cordyna::server
