#include "protocol/objects.hpp"

#include <array>

#include "protocol/messages.hpp"

namespace cordyna::protocol {
namespace {

using shape::Field;
using shape::ObjectSpec;
using Words = std::string_view;
constexpr auto kString = shape::ValueType::kString;
constexpr auto kInteger = shape::ValueType::kInteger;
constexpr auto kNumber = shape::ValueType::kNumber;
constexpr auto kBoolean = shape::ValueType::kBoolean;
constexpr auto kTime = shape::ValueType::kTime;
constexpr auto kObject = shape::ValueType::kObject;
constexpr auto kStrings = shape::ValueType::kStrings;
constexpr auto kRef = shape::ValueType::kRef;
constexpr auto kRefs = shape::ValueType::kRefs;
constexpr auto kParts = shape::ValueType::kParts;
constexpr auto kAny = shape::ValueType::kAny;

constexpr std::int64_t kNameMax = 128;
constexpr std::int64_t kAttemptMax = 512;
constexpr std::int64_t kTextMax = 16'384;

constexpr std::array kStates{Words("queued"), Words("started"), Words("completed"), Words("error"),
                             Words("cancelled")};
constexpr std::array kPhases{Words("acknowledge"), Words("start"), Words("run"), Words("result"),
                             Words("infra")};
constexpr std::array kErrorKinds{Words("user"),    Words("system"), Words("upstream"),
                                 Words("timeout"), Words("lost"),   Words("cancel")};
constexpr std::array kRefusals{Words("draining"), Words("no_slot"), Words("unknown_task"),
                               Words("stale_revision"), Words("bad_input")};
constexpr std::array kCancelReasons{Words("user"), Words("timeout"), Words("superseded"),
                                    Words("fenced"), Words("drain")};
constexpr std::array kFates{Words("continue"), Words("abort"), Words("already_terminal"),
                            Words("fenced")};
constexpr std::array kStreams{Words("stdout"), Words("stderr"), Words("log")};
constexpr std::array kLevels{Words("debug"), Words("info"), Words("warning"), Words("error")};
constexpr std::array kTriggerKinds{Words("cron"),   Words("event"),    Words("webhook"),
                                   Words("manual"), Words("upstream"), Words("backfill")};

// Parts.

constexpr std::array kFenceFields{
    Field{"epoch", kInteger, true, "Of cerebro: it grows with each takeover.", {}, {}, 1},
    Field{"token", kString, true, "Of the attempt: no other one has it.", {}, {}, 0, kNameMax}};
constexpr ObjectSpec kFence{
    "Fence",
    "Shows that a message is of the attempt that cerebro began last. Given back as it came.",
    kFenceFields};

constexpr std::array kErrorFields{
    Field{"code",
          kString,
          true,
          "Stable, for programs: capital letters, digits and _.",
          {},
          {},
          0,
          64},
    Field{"message", kString, true, "For people: what went wrong.", {}, {}, 0, kTextMax},
    Field{"phase", kString, false, "Where.", kPhases},
    Field{"kind", kString, false, "Whose it is.", kErrorKinds},
    Field{"retryable", kBoolean, false, "Whether another attempt may help; missing: it may."},
    Field{"retry_after_s", kNumber, false, "Not before so many seconds."},
    Field{"detail", kObject, false, "More, for programs."},
    Field{"stack", kString, false, "Where in the code, without secrets.", {}, {}, 0, kTextMax},
    Field{"cause", kStrings, false, "What led to it, the nearest first."},
    Field{"exit_code", kInteger, false, "Of a process.", {}, {}, 0, 255},
    Field{"signal", kInteger, false, "That ended a process.", {}, {}, 1, 64},
    Field{"out_of_memory", kBoolean, false, "Whether memory was what ended it."}};
constexpr ObjectSpec kError{"Error", "What went wrong, for programs and for people.", kErrorFields};

constexpr std::array kReferenceFields{
    Field{"url", kString, true, "Where it is.", {}, {}, 0, 2048},
    Field{"sha256", kString, true, "Of its bytes, in hexadecimal digits.", {}, {}, 0, 64},
    Field{"bytes", kInteger, true, "How many."}};
constexpr ObjectSpec kReference{"Reference", "What is too large for a message.", kReferenceFields};

constexpr std::array kInFlightFields{
    Field{"attempt", kString, true, "Its name.", {}, {}, 0, kAttemptMax},
    Field{"state", kString, true, "Where it is.", kStates},
    Field{"fence", kRef, false, "", {}, "Fence"}, Field{"progress", kNumber, false, "From 0 to 1."},
    Field{"terminal", kObject, false, "The data of its last message, which had no receipt yet."}};
constexpr ObjectSpec kInFlight{"InFlight", "An attempt that a server has.", kInFlightFields};

constexpr std::array kFateFields{
    Field{"attempt", kString, true, "Its name.", {}, {}, 0, kAttemptMax},
    Field{"fate", kString, true, "Go on, end it, its end is known, or another has taken over.",
          kFates}};
constexpr ObjectSpec kFate{"Fate", "What becomes of an attempt.", kFateFields};

constexpr std::array kUpstreamFields{
    Field{"task", kString, true, "Which.", {}, {}, 0, kNameMax},
    Field{"run", kString, true, "Of which run.", {}, {}, 0, kNameMax},
    Field{"completed_at", kTime, false, "When."}, Field{"output", kAny, false, "What it gave."},
    Field{"output_ref", kRef, false, "", {}, "Reference"}};
constexpr ObjectSpec kUpstream{"Upstream", "A task that was needed, and has completed.",
                               kUpstreamFields};

constexpr std::array kCauseFields{
    Field{"kind", kString, true, "What kind it is of.", kTriggerKinds},
    Field{"id", kString, false, "Which.", {}, {}, 0, kNameMax},
    Field{"scheduled_for", kTime, false,
          "The time that it is for, as `run.scheduled_for` of flows."}};
constexpr ObjectSpec kCause{"Cause", "Why a run was begun.", kCauseFields};

constexpr std::array kDeadlineFields{
    Field{"acknowledge", kNumber, true, "Until queued: seconds from the sending."},
    Field{"start", kNumber, true, "Until started: from then."},
    Field{"complete", kNumber, true, "Until its end: from then."}};
constexpr ObjectSpec kDeadlines{"Deadlines", "In seconds, each counted from the step before.",
                                kDeadlineFields};

constexpr std::array kPlaceFields{Field{"host", kString, true, "Its name.", {}, {}, 0, 255},
                                  Field{"pid", kInteger, false, "Of the process."},
                                  Field{"container", kString, false, "Its id.", {}, {}, 0, 255}};
constexpr ObjectSpec kPlace{"Place", "Where an attempt runs.", kPlaceFields};

constexpr std::array kAssetFields{
    Field{"name", kString, true, "Which.", {}, {}, 0, 255},
    Field{"version", kString, false, "Of it.", {}, {}, 0, 255},
    Field{"fresh_until", kTime, false, "Until when it need not be made again."}};
constexpr ObjectSpec kAsset{"Asset", "Something that was made.", kAssetFields};

constexpr std::array kVersionsFields{Field{"min", kInteger, true, "The oldest.", {}, {}, 1},
                                     Field{"max", kInteger, true, "The newest.", {}, {}, 1}};
constexpr ObjectSpec kVersions{"Versions", "Of the protocol, that somebody speaks.",
                               kVersionsFields};

constexpr std::array kSdkFields{Field{"name", kString, true, "Which.", {}, {}, 0, kNameMax},
                                Field{"version", kString, true, "Of it.", {}, {}, 0, kNameMax},
                                Field{"language", kString, false, "Of it.", {}, {}, 0, kNameMax}};
constexpr ObjectSpec kSdk{"Sdk", "The library that a server is written with.", kSdkFields};

constexpr std::array kRejectionFields{
    Field{"task", kString, true, "Which; empty: it has no id.", {}, {}, 0, kNameMax},
    Field{"path", kString, true, "What of it, as a JSON pointer.", {}, {}, 0, 1024},
    Field{"code", kString, true, "For programs.", {}, {}, 0, 64},
    Field{
        "message", kString, true, "What is wrong, and what would be right.", {}, {}, 0, kTextMax}};
constexpr ObjectSpec kRejection{"Rejection", "Why a task is not taken.", kRejectionFields};

// A task as it is declared.

constexpr std::array kOwnerFields{Field{"team", kString, true, "Its id.", {}, {}, 0, kNameMax},
                                  Field{"contacts", kStrings, true, "Whom to ask: at least one."}};
constexpr ObjectSpec kOwner{"Owner", "Who answers for a task.", kOwnerFields};

constexpr std::array kNeedFields{
    Field{"task",
          kString,
          true,
          "Which: its id, or team/id of another team's.",
          {},
          {},
          0,
          2 * kNameMax},
    Field{"within",
          kString,
          false,
          "How fresh: \"6h\". Missing: it runs first, each time.",
          {},
          {},
          0,
          64},
    Field{"optional", kBoolean, false, "Whether its failure is no reason to wait."}};
constexpr ObjectSpec kNeed{"Need", "A task that has to have completed before.", kNeedFields};

constexpr std::array kTimeoutsFields{
    Field{"acknowledge", kString, false, "Until queued; 10s unless said otherwise.", {}, {}, 0, 64},
    Field{"start", kString, false, "From there until started; 10m.", {}, {}, 0, 64},
    Field{"complete", kString, false, "From there until its end; 30m.", {}, {}, 0, 64},
    Field{"max_extend",
          kString,
          false,
          "How much more can be asked for in all; none.",
          {},
          {},
          0,
          64}};
constexpr ObjectSpec kTimeouts{"Timeouts", "Durations, each counted from the step before.",
                               kTimeoutsFields};

constexpr std::array kRetryFields{
    Field{"attempts", kInteger, false, "With the first.", {}, {}, 1, 1000},
    Field{"delay", kString, false, "Before the second.", {}, {}, 0, 64},
    Field{"backoff", kString, false, "How the delay grows.", kBackoffs},
    Field{"max_delay", kString, false, "Where it stops growing.", {}, {}, 0, 64},
    Field{"jitter", kBoolean, false, "Adds up to half of the delay, by chance."},
    Field{"on", kStrings, false, "Codes or kinds of errors; missing: whatever is retryable."}};
constexpr ObjectSpec kRetry{"Retry", "As `retry` of flows.", kRetryFields};

constexpr std::array kTaskFields{
    Field{"id", kString, true, "Its name within the team.", {}, {}, 0, kNameMax},
    Field{"version", kString, false, "Of it: a change of what it does.", {}, {}, 0, kNameMax},
    Field{"description",
          kString,
          true,
          "What it does, for whoever is told that it failed.",
          {},
          {},
          1,
          kTextMax},
    Field{"owner", kRef, true, "", {}, "Owner"},
    Field{"needs", kRefs, false, "What has to have completed before.", {}, "Need"},
    Field{"cron",
          kString,
          false,
          "When it runs by itself; with six fields, seconds too.",
          {},
          {},
          0,
          255},
    Field{"timezone", kString, false, "Of the cron; UTC.", {}, {}, 0, 64},
    Field{"catch_up", kString, false, "Which missed times are made up for; latest.", kCatchUps},
    Field{"timeouts", kRef, false, "", {}, "Timeouts"},
    Field{"retry", kRef, false, "", {}, "Retry"},
    Field{"overlap", kString, false, "What becomes of an invocation while one runs; forbid.",
          kOverlaps},
    Field{"cancellable", kBoolean, false, "Whether a cancel ends it; it does."},
    Field{"slot_class", kString, false, "Which slots of the server it takes.", {}, {}, 0, kNameMax},
    Field{
        "priority", kInteger, false, "Who waits for a slot goes first with more.", {}, {}, 0, 1000},
    Field{"input_schema", kObject, false,
          "JSON Schema (2020-12, or what `$schema` names) of its inputs, without references "
          "elsewhere. Cerebro starts no run with others."},
    Field{"output_schema", kObject, false, "The same of its output: another one is an error."},
    Field{"labels", kObject, false, "Texts by name."},
    Field{"runbook_url", kString, false, "What to read when it has failed.", {}, {}, 0, 2048}};

// What each message holds.

constexpr Field kAttemptName{"attempt", kString, true, "Its name: run, task and number.",
                             {},        {},      0,    kAttemptMax};
/// Level 0 has no fences: its attempts are known by their names alone.
constexpr Field kFenceBack{"fence", kRef, false, "", {}, "Fence"};
constexpr Field kReason{"reason", kString, false, "Why, for people.", {}, {}, 0, kTextMax};

constexpr std::array kReadyFields{
    Field{"slots", kObject, false, "How many attempts it takes more, by slot class; missing: one."},
    Field{"tasks",
          kParts,
          false,
          "Its declaration, where it has no session for it.",
          {},
          "TaskDeclaration"}};
constexpr std::array kInvokeFields{
    kAttemptName,
    Field{"run", kString, true, "The run's id.", {}, {}, 0, kNameMax},
    Field{"task", kString, true, "Which task.", {}, {}, 0, kNameMax},
    Field{"fence", kRef, true, "", {}, "Fence"},
    Field{"revision", kInteger, true, "Of the declaration that it is meant for."},
    Field{"idempotency_key",
          kString,
          true,
          "The same for each attempt of the task in its run.",
          {},
          {},
          0,
          kAttemptMax},
    Field{"inputs", kObject, true, "Its arguments."},
    Field{"inputs_ref", kRef, false, "", {}, "Reference"},
    Field{"upstream", kRefs, true, "What was needed, and has completed.", {}, "Upstream"},
    Field{"trigger", kRef, true, "", {}, "Cause"},
    Field{"deadlines", kRef, true, "", {}, "Deadlines"}};
constexpr std::array kQueuedFields{
    kAttemptName, kFenceBack, Field{"position", kInteger, false, "How many are before it."},
    Field{"expected_start_s", kNumber, false, "In so many seconds."}};
constexpr std::array kStartedFields{kAttemptName, kFenceBack,
                                    Field{"where", kRef, false, "", {}, "Place"}};
constexpr std::array kCompletedFields{
    kAttemptName,
    kFenceBack,
    Field{"output", kAny, false, "What it gives to those after it."},
    Field{"output_ref", kRef, false, "", {}, "Reference"},
    Field{"metrics", kObject, false, "Numbers by name."},
    Field{"assets", kRefs, false, "What it has made.", {}, "Asset"}};
constexpr std::array kErrorDataFields{kAttemptName, kFenceBack,
                                      Field{"error", kRef, true, "", {}, "Error"}};
constexpr std::array kHelloFields{
    Field{"protocol", kRef, true, "", {}, "Versions"},
    Field{"server", kString, true, "Its id, the same after each start.", {}, {}, 0, kNameMax},
    Field{"instance", kString, false, "Which of several with that id.", {}, {}, 0, kNameMax},
    Field{"boot",
          kString,
          true,
          "Another after each start: what ran before is lost.",
          {},
          {},
          0,
          kNameMax},
    Field{"sdk", kRef, false, "", {}, "Sdk"},
    Field{"level", kInteger, false, "Of the protocol, that it speaks.", {}, {}, 1, kLevelMax},
    Field{"slots", kObject, false, "How many attempts at a time, by slot class."},
    Field{"labels", kObject, false, "Texts by name."},
    Field{"declaration_hash",
          kString,
          false,
          "Of what it declares: cerebro may know it already.",
          {},
          {},
          0,
          kNameMax},
    Field{"last_seq", kInteger, false, "The last one that it has of cerebro."}};
constexpr std::array kWelcomeFields{
    Field{"protocol", kInteger, true, "The version that both speak.", {}, {}, 1},
    Field{"session", kString, true, "Its id, to be sent along from now on.", {}, {}, 0, kNameMax},
    Field{"epoch", kInteger, true, "Of cerebro.", {}, {}, 1},
    Field{"heartbeat_s", kNumber, true, "How often one is wanted."},
    Field{"lease_s", kNumber, true, "How long the session is good for without one."},
    Field{"message_max", kInteger, true, "Bytes of a message."},
    Field{"want_declaration", kBoolean, true, "Whether it has to declare."},
    Field{"last_seq", kInteger, false, "The last one that cerebro has of it."}};
constexpr std::array kDeclareFields{
    Field{"revision", kInteger, true, "Grows with each change.", {}, {}, 1},
    Field{
        "tasks", kParts, true, "All of them: one that is missing is gone.", {}, "TaskDeclaration"}};
constexpr std::array kDeclaredFields{
    Field{"revision", kInteger, true, "That of the declaration.", {}, {}, 1},
    Field{"accepted", kStrings, true, "Ids of tasks."},
    Field{"rejected", kRefs, true, "And why.", {}, "Rejection"}};
constexpr std::array kHeartbeatFields{
    Field{"in_flight", kRefs, true, "What it has.", {}, "InFlight"},
    Field{"slots", kObject, false, "How many it takes more, by slot class."},
    Field{"uptime_s", kNumber, false, "Since its start."},
    Field{"load", kNumber, false, "Of its machine, from 0 to 1."}};
constexpr std::array kLeaseFields{
    Field{"lease_s", kNumber, true, "From now on."},
    Field{"cancels", kStrings, false,
          "Attempts that are to end: once more, for a cancel may be lost."},
    Field{"drain", kBoolean, false, "Whether it is to drain: once more."}};
constexpr std::array kGoodbyeFields{
    Field{"code", kString, true, "superseded, version, shutdown, lease, protocol.", {}, {}, 0, 64},
    kReason,
    Field{"reconnect_after_s", kNumber, false, "Not before so many seconds; missing: not at all."}};
constexpr std::array kReceiptFields{
    Field{"upto", kInteger, false, "All with a seq up to it.", {}, {}, 0},
    Field{"ids", kStrings, false, "These."}};
constexpr std::array kRejectedFields{
    kAttemptName, kFenceBack, Field{"code", kString, true, "For programs.", kRefusals},
    Field{"message", kString, true, "For people.", {}, {}, 0, kTextMax},
    Field{"retry_after_s", kNumber, false, "Not before so many seconds."}};
constexpr std::array kProgressFields{
    kAttemptName,
    kFenceBack,
    Field{"fraction", kNumber, false, "From 0 to 1."},
    Field{"counters", kObject, false, "Numbers by name."},
    Field{"message", kString, false, "What it is at.", {}, {}, 0, 4096},
    Field{"checkpoint", kString, false, "Where the next attempt may go on.", {}, {}, 0, 4096}};
constexpr std::array kLogFields{
    kAttemptName,
    kFenceBack,
    Field{"stream", kString, false, "Of which it is; stdout.", kStreams},
    Field{"offset", kInteger, true, "Lines of the stream before these."},
    Field{"lines", kStrings, true, "Without their ends."},
    Field{"level", kString, false, "How much it matters.", kLevels}};
constexpr std::array kCancelFields{
    kAttemptName, Field{"fence", kRef, true, "", {}, "Fence"},
    Field{"reason", kString, true, "For programs.", kCancelReasons},
    Field{"grace_s", kNumber, true, "Then it is taken for ended, or not."}};
constexpr std::array kCancelledFields{
    kAttemptName, kFenceBack, Field{"was_running", kBoolean, true, "Whether it had started."},
    Field{"cleaned", kBoolean, false, "Whether nothing of it is left."}};
constexpr std::array kFencedFields{
    kAttemptName,
    Field{"newest", kString, false, "The task's attempt now.", {}, {}, 0, kAttemptMax}, kReason};
constexpr std::array kProblemFields{
    Field{"of",
          kString,
          false,
          "The id of the message; missing: it could not be read.",
          {},
          {},
          0,
          kNameMax},
    Field{"code", kString, true, "For programs.", {}, {}, 0, 64},
    Field{"message", kString, true, "What is wrong, and what would be right.", {}, {}, 0, kTextMax},
    Field{"path", kString, false, "What of it, as a JSON pointer.", {}, {}, 0, 1024},
    Field{"fatal", kBoolean, true, "Whether the session ends."}};
constexpr std::array kResumeFields{
    Field{"boot", kString, true, "As in hello.", {}, {}, 0, kNameMax},
    Field{"attempts",
          kRefs,
          true,
          "All that it still has; of others it knows nothing any more.",
          {},
          "InFlight"}};
constexpr std::array kResumedFields{
    Field{"attempts", kRefs, true, "What becomes of each.", {}, "Fate"}};
constexpr std::array kExtendFields{kAttemptName, kFenceBack,
                                   Field{"more_s", kNumber, true, "Seconds."}, kReason};
constexpr std::array kExtendedFields{
    kAttemptName, Field{"granted_s", kNumber, true, "Seconds; 0: no more."},
    Field{"complete_s", kNumber, true, "What is left until its end, from now."}};
constexpr std::array kDrainingFields{
    kReason, Field{"deadline_s", kNumber, false, "When it goes, in seconds."},
    Field{"will_return", kBoolean, false, "Whether it comes back."}};
constexpr std::array kDrainFields{
    kReason, Field{"deadline_s", kNumber, false, "When it should have gone, in seconds."}};

}  // namespace

constexpr ObjectSpec kTaskDeclaration{"TaskDeclaration", "A task as its server declares it.",
                                      kTaskFields};
constexpr ObjectSpec kReadyData{"Ready", "", kReadyFields};
constexpr ObjectSpec kInvokeData{"Invoke", "", kInvokeFields};
constexpr ObjectSpec kQueuedData{"Queued", "", kQueuedFields};
constexpr ObjectSpec kStartedData{"Started", "", kStartedFields};
constexpr ObjectSpec kCompletedData{"Completed", "", kCompletedFields};
constexpr ObjectSpec kErrorData{"Failed", "", kErrorDataFields};
constexpr ObjectSpec kHelloData{"Hello", "", kHelloFields};
constexpr ObjectSpec kWelcomeData{"Welcome", "", kWelcomeFields};
constexpr ObjectSpec kDeclareData{"Declare", "", kDeclareFields};
constexpr ObjectSpec kDeclaredData{"Declared", "", kDeclaredFields};
constexpr ObjectSpec kHeartbeatData{"Heartbeat", "", kHeartbeatFields};
constexpr ObjectSpec kLeaseData{"Lease", "", kLeaseFields};
constexpr ObjectSpec kGoodbyeData{"Goodbye", "", kGoodbyeFields};
constexpr ObjectSpec kReceiptData{"Receipt", "", kReceiptFields};
constexpr ObjectSpec kRejectedData{"Rejected", "", kRejectedFields};
constexpr ObjectSpec kProgressData{"Progress", "", kProgressFields};
constexpr ObjectSpec kLogData{"Log", "", kLogFields};
constexpr ObjectSpec kCancelData{"Cancel", "", kCancelFields};
constexpr ObjectSpec kCancelledData{"Cancelled", "", kCancelledFields};
constexpr ObjectSpec kFencedData{"Fenced", "", kFencedFields};
constexpr ObjectSpec kProblemData{"Problem", "", kProblemFields};
constexpr ObjectSpec kResumeData{"Resume", "", kResumeFields};
constexpr ObjectSpec kResumedData{"Resumed", "", kResumedFields};
constexpr ObjectSpec kExtendData{"Extend", "", kExtendFields};
constexpr ObjectSpec kExtendedData{"Extended", "", kExtendedFields};
constexpr ObjectSpec kDrainingData{"Draining", "", kDrainingFields};
constexpr ObjectSpec kDrainData{"Drain", "", kDrainFields};

namespace {

constexpr std::array kObjects{
    &kTaskDeclaration, &kOwner,         &kNeed,          &kTimeouts,      &kRetry,
    &kFence,           &kError,         &kReference,     &kInFlight,      &kFate,
    &kUpstream,        &kCause,         &kDeadlines,     &kPlace,         &kAsset,
    &kVersions,        &kSdk,           &kRejection,     &kReadyData,     &kInvokeData,
    &kQueuedData,      &kStartedData,   &kCompletedData, &kErrorData,     &kHelloData,
    &kWelcomeData,     &kDeclareData,   &kDeclaredData,  &kHeartbeatData, &kLeaseData,
    &kGoodbyeData,     &kReceiptData,   &kRejectedData,  &kProgressData,  &kLogData,
    &kCancelData,      &kCancelledData, &kFencedData,    &kProblemData,   &kResumeData,
    &kResumedData,     &kExtendData,    &kExtendedData,  &kDrainingData,  &kDrainData};

}  // namespace

shape::Specs message_objects() {
  return kObjects;
}

const ObjectSpec& task_declaration() {
  return kTaskDeclaration;
}

}  // namespace cordyna::protocol
