// What bodies and answers about events, triggers, artifacts and the audit look like.
#include "model/input_status.hpp"
#include "server/api/specs.hpp"

namespace cordyna::server {
namespace {

using enum ValueType;

constexpr std::array kAcceptedFields{
    Field{"event", kInteger, true, "Its number."},
    Field{"id", kString, true, "Its id, as the sender or the trigger says it."},
    Field{"duplicate", kBoolean, false, "It was there already, and starts nothing."},
    Field{"run", kInteger, false, "Its run."},
    Field{"state", kString, false, "Where the answer waited for it: how the run has ended."},
    Field{"outputs", kObject, false, "Of that run."},
};
constexpr std::array kTriggerFields{
    Field{"flow", kString, true, "The flow, with its namespace."},
    Field{"trigger", kString, true, "Its id."},
    Field{"type", kString, true, "What it waits for.", kTriggerTypes},
    Field{"description", kString, false, "What it is for."},
    Field{"disabled", kBoolean, true, "Whether it starts no runs, by itself or with its flow."},
    Field{"flow_disabled", kBoolean, false, "Whether its flow is disabled."},
    Field{"cron", kString, false, "Of a schedule."},
    Field{"timezone", kString, false, "Of a schedule."},
    Field{"next", kTime, false, "When a schedule is due next."},
    Field{"path", kString, false, "Of a webhook; KEY stands for the value of its secret."},
    Field{"signed", kBoolean, false, "Whether requests of a webhook must be signed."},
    Field{"last_at", kTime, false, "The newest time that was due, or when the newest event came."},
    Field{"last", kString, false, "Of a schedule: what became of that time."},
    Field{"last_run", kInteger, false, "Of a schedule: its run."},
    Field{"last_event", kInteger, false, "Of a webhook: the number of that event."},
    Field{"pending", kInteger, false, "Of a webhook: events that wait, counted up to 10,000."},
    Field{"dead", kInteger, false, "Of a webhook: dead letters, counted up to 10,000."},
};
constexpr std::array kTriggersFields{
    Field{"triggers", kRefs, true, "By flow, as they stand there.", {}, "Trigger"},
    Field{"next", kString, false, "For `after`, where there are more."},
};
constexpr std::array kInputFields{
    Field{"flow", kString, true, "The flow, with its namespace."},
    Field{"trigger", kString, true, "The trigger that it is of."},
    Field{"type", kString, true, "What it listens to.", kTriggerTypes},
    Field{"state", kString, true,
          "starts: on its way to its source; listens; waits: what comes is not taken; failed: it "
          "is begun again.",
          kInputStates},
    Field{"problem", kString, false,
          "Why it waits, or has failed; what is wrong while it listens."},
    Field{"since", kTime, true, "Since when it is in this state."},
    Field{"events", kInteger, true, "How many it took since it was begun here."},
    Field{"last_minute", kInteger, true, "How many of them in the last minute."},
    Field{"last_at", kTime, false, "When it took the last one."},
    Field{"lag_ms", kInteger, false, "How long the last one was on its way."},
    Field{"pending", kInteger, true, "How many events wait for their run."},
    Field{"dead", kInteger, true, "How many are dead letters."},
};
constexpr std::array kInputsFields{
    Field{"inputs", kRefs, true, "By flow and trigger.", {}, "Input"},
};
constexpr std::array kEventFields{
    Field{"event", kInteger, true, "Its number."},
    Field{"id", kString, true, "Its id, unique for its trigger."},
    Field{"flow", kString, true, "The flow, with its namespace."},
    Field{"trigger", kString, true, "Its trigger."},
    Field{"state", kString, true, "pending, run, dead, dropped."},
    Field{"at", kTime, true, "When it was accepted."},
    Field{"settled_at", kTime, false, "When it came into its state."},
    Field{"run", kInteger, false, "Its run."},
    Field{"source", kString, false, "Who sent it."},
    Field{"detail", kString, false, "Of a dead letter: why."},
    Field{"tries", kInteger, false, "How often it was tried again."},
    Field{"payload", kObject, false, "Of one event alone: data, headers, query."},
};
constexpr std::array kEventsFields{
    Field{"events", kRefs, true, "Newest first, without their payloads.", {}, "Event"},
    Field{"next", kString, false, "For `before`, where there are more."},
};
constexpr std::array<std::string_view, 2> kSettleOps{"replay", "drop"};
constexpr std::array kSettleFields{
    Field{"op", kString, true, "Whether it is tried again, or dropped.", kSettleOps},
};
constexpr std::array kSettledFields{
    Field{"event", kInteger, true, "Its number."},
};
constexpr std::array kArtifactFields{
    Field{"task", kString, true, "The path of the task that left it."},
    Field{"attempt", kInteger, true, "The number of its attempt."},
    Field{"name", kString, true, "Its name below the attempt's folder."},
    Field{"bytes", kInteger, true, "Its size."},
};
constexpr std::array kArtifactsFields{
    Field{"artifacts", kRefs, true, "By task, attempt and name.", {}, "Artifact"},
};
constexpr std::array kServerStates{std::string_view("connected"), std::string_view("ready"),
                                   std::string_view("draining"), std::string_view("unreachable"),
                                   std::string_view("gone")};
constexpr std::array kInFlightFields{
    Field{"run", kInteger, true, "The number of the run."},
    Field{"task", kString, true, "The path of the task."},
    Field{"attempt", kInteger, true, "The number of the attempt."},
};
constexpr std::array kTaskServerFields{
    Field{"team", kString, true, "Whose it is: a namespace."},
    Field{"server", kString, true, "Its id."},
    Field{"state", kString, true,
          "connected: there, and not ready yet; ready; draining: takes nothing new; unreachable: "
          "nothing is heard of it, its attempts may go on; gone.",
          kServerStates},
    Field{"level", kInteger, true, "Of the protocol, that it speaks."},
    Field{"sdk", kString, false, "What it is written with."},
    Field{"address", kString, false, "Where it comes from."},
    Field{"seen_at", kTime, false, "When it was heard of last."},
    Field{"since", kTime, false, "Since when it is in this state."},
    Field{"reconnects", kInteger, true, "How often it has come again."},
    Field{"revision", kInteger, true, "Of its declaration."},
    Field{"tasks", kStrings, true, "That it declares."},
    Field{"slots", kObject, true, "How many attempts it takes at a time, by class."},
    Field{"in_flight", kRefs, true, "What it is at.", {}, "InFlightAttempt"},
};
constexpr std::array kTaskServersFields{
    Field{"servers", kRefs, true, "By team and id.", {}, "TaskServer"},
};
constexpr std::array kSpeakers{std::string_view("cerebro"), std::string_view("server")};
constexpr std::array kMessageFields{
    Field{"run", kInteger, true, "The number of the run."},
    Field{"at", kTime, true, "When."},
    Field{"server", kString, true, "The task server: team/id."},
    Field{"from", kString, true, "Who said it.", kSpeakers},
    Field{"type", kString, true, "What: task.started."},
    Field{"task", kString, true, "The path of the task."},
    Field{"attempt", kInteger, true, "The number of the attempt."},
    Field{"detail", kString, false, "More, for people."},
};
constexpr std::array kMessagesFields{
    Field{"messages", kRefs, true, "The first 10,000, in order.", {}, "Message"},
    Field{"more", kBoolean, true, "Whether there are more."},
};

constexpr std::array kNeedFates{std::string_view("runs"), std::string_view("fresh"),
                                std::string_view("joins"), std::string_view("missing"),
                                std::string_view("hidden")};
constexpr std::array kPlannedRunFields{
    Field{"flow", kString, true, "Namespace and id."},
    Field{"fate", kString, true,
          "runs: it is begun; fresh: a run completed within the window; joins: one is under way; "
          "missing: there is none; hidden: it is not the caller's to see.",
          kNeedFates},
    Field{"owner", kString, true, "Whose it is."},
    Field{"run", kInteger, false, "The run that will do, or is joined."},
    Field{"completed_at", kTime, false, "When that completed."},
    Field{"server", kString, false, "The task server that carries it out: team/id."},
    Field{"needs", kStrings, true, "What goes before it."},
};
constexpr std::array kRunPlanFields{
    Field{"plan", kRefs, true, "In an order in which they can run.", {}, "PlannedRun"},
};

constexpr std::array kNoticeFields{
    Field{"notice", kInteger, true, "Its number: the larger, the newer."},
    Field{"id", kString, true, "What it is about: the same whenever it is told."},
    Field{"at", kTime, true, "When it happened."},
    Field{
        "kind", kString, true,
        "failed: a task or a run of the team has failed; blocked: something of the team does not "
        "come, since something else has failed; lost: nothing is heard of a task server any more.",
        kNoticeKinds},
    Field{"team", kString, true, "Whom it is for."},
    Field{"cause", kString, false, "The team whose it is that this has happened."},
    Field{"flow", kString, false, "The flow, with its namespace."},
    Field{"namespace", kString, false, "Where, if it is of no flow."},
    Field{"run", kInteger, false, "The number of the run."},
    Field{"task", kString, false, "The path of the task; without it it is the run itself."},
    Field{"code", kString, false, "The error's code."},
    Field{"description", kString, true, "What has happened."},
};
constexpr std::array kNoticesFields{
    Field{"notices", kRefs, true, "Newest first.", {}, "Notice"},
    Field{"next", kString, false, "For `before`, where there is more."},
};
constexpr std::array kAlertFields{
    Field{"alert", kString, true, "Its id: that of its cause, the same for each channel."},
    Field{"kind", kString, true, "As of a notice.", kNoticeKinds},
    Field{"what", kString, true, "A task of a flow, a flow, or a task server."},
    Field{"channel", kString, true, "Where it is told."},
    Field{"team", kString, true, "Whom it is for."},
    Field{"cause", kString, false, "The team whose it is that this has happened."},
    Field{"flow", kString, false, "The flow, with its namespace."},
    Field{"namespace", kString, false, "Where, if it is of no flow."},
    Field{"task", kString, false, "The path of the task; items of a loop are one."},
    Field{"code", kString, false, "The newest error's code."},
    Field{"description", kString, true, "What has happened last."},
    Field{"first_run", kInteger, false, "The first run that it is of."},
    Field{"last_run", kInteger, false, "The newest."},
    Field{"count", kInteger, true, "How often it has happened."},
    Field{"told", kInteger, true, "How many of these are in a message."},
    Field{"since", kTime, true, "When it happened first."},
    Field{"last_at", kTime, true, "When it happened last."},
    Field{"told_at", kTime, false, "When the last message about it was made."},
    Field{"well_since", kTime, false, "All is well again; that is told in a moment."},
    Field{"escalated", kBoolean, false, "Whether others were told, too."},
    Field{"acknowledged_at", kTime, false, "Since when somebody is at it."},
    Field{"acknowledged_by", kString, false, "Who."},
};
constexpr std::array kChannelFields{
    Field{"channel", kString, true, "Its name in teams.yaml."},
    Field{"type", kString, true, "What it is.", kChannelTypes},
    Field{"waiting", kInteger, true, "How many messages wait."},
    Field{"alerts", kInteger, true, "How much it was told of that is not well."},
    Field{"sent_at", kTime, false, "When this server sent the last one."},
    Field{"problem", kString, false, "Why the first one that waits could not be sent."},
    Field{"next_at", kTime, false, "When it is tried again."},
};
constexpr std::array kAlertsFields{
    Field{"channels", kRefs, true, "By their names.", {}, "Channel"},
    Field{"alerts", kRefs, true, "Of each channel, newest first; at most 1000.", {}, "Alert"},
    Field{"problem", kString, false,
          "Why teams.yaml cannot be read, and holds as it was before; or why nothing can be told."},
};
constexpr std::array kAuditRowFields{
    Field{"seq", kInteger, true, "Its number, without a gap."},
    Field{"at", kTime, true, "When."},
    Field{"actor", kString, true, "By whom."},
    Field{"address", kString, false, "From where."},
    Field{"action", kString, true, "The operation."},
    Field{"subject", kString, false, "To what."},
    Field{"namespace", kString, false, "Where."},
    Field{"before", kObject, false, "What was there."},
    Field{"after", kObject, false, "What is there."},
    Field{"hash", kString, true, "Of the hash before and this entry."},
};
constexpr std::array kAuditPageFields{
    Field{"audit", kRefs, true, "Newest first.", {}, "AuditEntry"},
    Field{"next", kString, false, "For `before`, where there is more."},
};

constexpr std::array kAuditCheckFields{
    Field{"whole", kBoolean, true, "Whether each entry follows from those before."},
    Field{"entries", kInteger, true, "How many there are."},
    Field{"broken_at", kInteger, false, "The first that does not."},
    Field{"last_hash", kString, false,
          "Of the newest: whoever keeps it elsewhere notices a cut end, too."},
};

}  // namespace

const ObjectSpec kNotice{"Notice", "Who is told of something that went wrong.", kNoticeFields};
const ObjectSpec kNotices{"Notices", "Notices.", kNoticesFields};
const ObjectSpec kAlert{"Alert", "Something that is not well, and told to somebody.", kAlertFields};
const ObjectSpec kChannel{"Channel", "Where messages go.", kChannelFields};
const ObjectSpec kAlerts{"Alerts", "Alerts and channels.", kAlertsFields};
const ObjectSpec kAccepted{"AcceptedEvent", "An event that is saved.", kAcceptedFields};
const ObjectSpec kTrigger{"Trigger", "A trigger.", kTriggerFields};
const ObjectSpec kTriggers{"Triggers", "Triggers.", kTriggersFields};
const ObjectSpec kInFlight{"InFlightAttempt", "An attempt that a task server has.",
                           kInFlightFields};
const ObjectSpec kTaskServer{"TaskServer", "A task server.", kTaskServerFields};
const ObjectSpec kTaskServers{"TaskServers", "Task servers.", kTaskServersFields};
const ObjectSpec kMessage{"Message", "A message about an attempt.", kMessageFields};
const ObjectSpec kMessages{"Messages", "Messages.", kMessagesFields};
const ObjectSpec kPlannedRun{"PlannedRun", "A run that a plan has.", kPlannedRunFields};
const ObjectSpec kRunPlan{"RunPlan", "What a run would begin.", kRunPlanFields};
const ObjectSpec kInput{"Input", "What listens for a trigger.", kInputFields};
const ObjectSpec kInputs{"Inputs", "Inputs.", kInputsFields};
const ObjectSpec kEvent{"Event", "An event.", kEventFields};
const ObjectSpec kEvents{"Events", "Events.", kEventsFields};
const ObjectSpec kSettle{"SettleEvent", "What becomes of it.", kSettleFields};
const ObjectSpec kSettled{"EventRef", "Which event it is.", kSettledFields};
const ObjectSpec kArtifact{"Artifact", "A file that a task left.", kArtifactFields};
const ObjectSpec kArtifacts{"Artifacts", "Artifacts.", kArtifactsFields};
const ObjectSpec kAuditRow{"AuditEntry", "Something that was done.", kAuditRowFields};
const ObjectSpec kAuditPage{"Audit", "The audit.", kAuditPageFields};
const ObjectSpec kAuditCheck{"AuditCheck", "How it is with the audit.", kAuditCheckFields};

}  // namespace cordyna::server
