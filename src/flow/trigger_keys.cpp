#include <array>

#include "flow/connection_keys.hpp"
#include "flow/key_spec.hpp"
#include "flow/poll_keys.hpp"

// The keys of a trigger.
namespace cordyna::flow {
namespace {

using K = ValueKind;
using Word = std::string_view;

constexpr std::int64_t kDayMillis = 86'400'000;

// As TriggerType.
constexpr std::array kTriggerTypes{Word("schedule"), Word("webhook"), Word("postgres"),
                                   Word("kafka"),    Word("flow"),    Word("file"),
                                   Word("poll"),     Word("redis")};
// In the order of CatchUp, OnGap and OnOverlap.
constexpr std::array kCatchUps{Word("all"), Word("latest"), Word("none")};
constexpr std::array kGaps{Word("shift"), Word("skip")};
constexpr std::array kOverlaps{Word("once"), Word("both")};

constexpr std::array kLaterTypes{Word("manual")};
constexpr std::array kOperations{Word("create"), Word("update"), Word("delete")};
constexpr std::array kRecordOperations{Word("create"), Word("delete")};
constexpr std::array kRows{Word("key"), Word("whole")};
constexpr std::array kPostgresModes{Word("outbox"), Word("replication")};
constexpr std::array kRecordFormats{Word("json"), Word("text"), Word("bytes")};
constexpr std::array kEndStates{Word("completed"), Word("warning"), Word("error"),
                                Word("cancelled")};
constexpr std::array kStarts{Word("earliest"), Word("latest")};

constexpr KeySpec kDateItem{.kind = K::kText};
constexpr KeySpec kNameItem{.kind = K::kText};
constexpr KeySpec kAnyItem{.kind = K::kAny};
constexpr KeySpec kOperationItem{.kind = K::kEnum, .words = kOperations};
constexpr KeySpec kEndStateItem{.kind = K::kEnum, .words = kEndStates};
constexpr KeySpec kRecordOperationItem{.kind = K::kEnum, .words = kRecordOperations};

constexpr KeySpec required(KeySpec key) {
  key.required = true;
  return key;
}

// Without presets: what is left out is left out of the canonical form too.
constexpr std::array kTriggerKeys{
    KeySpec{.name = "id",
            .kind = K::kId,
            .description = "Names the trigger within the flow.",
            .required = true},
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description = "What it waits for.",
            .required = true,
            .words = kTriggerTypes},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it is for."},
    KeySpec{.name = "inputs",
            .kind = K::kMap,
            .description = "Values for inputs of the flow; may be templates over `run`, and over "
                           "`event` where the type has events.",
            .item = &kAnyItem},
    KeySpec{.name = "disabled",
            .kind = K::kBool,
            .description =
                "It starts no runs. What a schedule missed counts when it is enabled "
                "again; a webhook answers 503, so that senders try again; rows, "
                "records, files and what is polled of meanwhile come when it is enabled again."},
};

constexpr std::array kScheduleKeys{
    KeySpec{.name = "cron",
            .kind = K::kText,
            .description =
                "When it is due: [second] minute hour day-of-month month day-of-week, or "
                "@daily and its like. `dyna schedule next` shows what it means.",
            .required = true},
    KeySpec{.name = "timezone",
            .kind = K::kText,
            .description = "Whose clocks count, such as Europe/Berlin. Without it UTC."},
    KeySpec{.name = "catch_up",
            .kind = K::kEnum,
            .description = "What becomes of times that were missed, because nobody was there or it "
                           "was disabled: all have their runs (the newest 1,000), the latest one "
                           "has (without this key), or none. Later than 10 seconds is missed.",
            .words = kCatchUps},
    KeySpec{.name = "window",
            .kind = K::kDuration,
            .description = "How long ago a missed time may be and still have its run. Without it "
                           "there is no bound.",
            .least = 1,
            .most = 36'500 * kDayMillis},
    KeySpec{.name = "jitter",
            .kind = K::kDuration,
            .description = "Runs start later by up to this: each trigger by its own part of it, "
                           "always the same.",
            .least = 1,
            .most = kDayMillis},
    KeySpec{.name = "on_gap",
            .kind = K::kEnum,
            .description = "A local time that the clocks pass over is due when they have been put "
                           "forward (shift; without this key), or not that day (skip).",
            .words = kGaps},
    KeySpec{.name = "on_overlap",
            .kind = K::kEnum,
            .description = "A local time that comes twice is due once (the first time; without "
                           "this key), or both times.",
            .words = kOverlaps},
    KeySpec{.name = "holidays",
            .kind = K::kList,
            .description = "Local days on which it is not due: 2026-12-25.",
            .one_or_list = true,
            .item = &kDateItem,
            .least = 1},
};

constexpr KeySpec kEventWhere{
    .name = "where",
    .kind = K::kCondition,
    .description =
        "A template over `event` that gives true or false, such as {{ event.operation == "
        "'create' and event.data.value.total > 100 }}: where it is false, the event has "
        "no run, and is kept as dropped. One of which it cannot be told is a dead "
        "letter."};

constexpr std::array kBatchFields{
    KeySpec{.name = "max",
            .kind = K::kInt,
            .description = "The most events of one run. 1,000 without this key.",
            .least = 2,
            .most = 10'000},
    KeySpec{.name = "within",
            .kind = K::kDuration,
            .description = "So long after the first of them was accepted the run begins, also with "
                           "fewer.",
            .required = true,
            .least = 1,
            .most = kDayMillis},
};

constexpr KeySpec kEventBatch{
    .name = "batch",
    .kind = K::kObject,
    .description =
        "One run for many events, such as {max: 1000, within: 5s}: `event.events` is the list of "
        "them, in the order in which they came, `event.count` how many, and the other fields are "
        "those of the last. A run begins earlier where their data comes to 4 MiB.",
    .fields = kBatchFields};

constexpr KeySpec kEventDebounce{
    .name = "debounce",
    .kind = K::kDuration,
    .description =
        "The run begins when so long no other event has come, and is for the last one; "
        "`event.count` is how many came (10,000 at most). All of them have that run.",
    .least = 1,
    .most = kDayMillis};

constexpr std::array kWebhookKeys{
    kEventWhere,
    kEventBatch,
    kEventDebounce,
    KeySpec{.name = "path_secret",
            .kind = K::kText,
            .description =
                "Name of a secret; its value is the last part of the address: "
                "/hooks/NAMESPACE/FLOW/TRIGGER/VALUE. This or `signing_secret`, or both."},
    KeySpec{.name = "signing_secret",
            .kind = K::kList,
            .description =
                "Name of a secret that requests are signed with, as Standard Webhooks "
                "say (HMAC-SHA256 over id, timestamp and body). While it is changed, two "
                "names: either may have signed.",
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "tolerance",
            .kind = K::kDuration,
            .description = "How old, or how far ahead, the timestamp of a signature may be. 5m "
                           "without this key.",
            .least = 1'000,
            .most = kDayMillis},
    KeySpec{.name = "event_id",
            .kind = K::kTemplate,
            .description =
                "A template over `event`, such as {{ event.headers['x-request-id'] }}: the "
                "id of an event, of which a second one starts no run. Without this key the "
                "header webhook-id; without that header every request is another event."},
    KeySpec{.name = "wait",
            .kind = K::kDuration,
            .description = "The answer waits so long for the end of the run, and has its outputs. "
                           "Without this key it comes as soon as the event is saved.",
            .least = 1'000,
            .most = 600'000},
};

constexpr KeySpec kOverGaps{
    .name = "over_gaps",
    .kind = K::kBool,
    .description =
        "Where changes may be missing, as the source was set back, made anew, or forgot "
        "them before they were read, the input goes on with what there is. Without this "
        "key it stops, and says what is missing."};

constexpr KeySpec kEventDedupe{
    .name = "dedupe",
    .kind = K::kTemplate,
    .description =
        "A template over `event`, such as {{ event.data.value.order_id }}: of events for "
        "which it is the same, the first one has a run, as long as that is remembered "
        "(`retention.events`). Where it gives nothing, or more than 248 bytes, the "
        "event is no repeat. Without this key each change, or record, is an event of its own."};

constexpr std::array kPostgresKeys{
    required(connection_detail::kConnection),
    KeySpec{.name = "tables",
            .kind = K::kList,
            .description = "Tables whose rows are watched: orders, sales.orders, \"Odd\".\"Name\"; "
                           "without a schema, public. Without this key all, also those that are "
                           "made later, from when they are found (a minute).",
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "operations",
            .kind = K::kList,
            .description = "What is done to rows: create, update, delete. Without this key all "
                           "three. TRUNCATE is a delete without a key.",
            .one_or_list = true,
            .item = &kOperationItem,
            .least = 1},
    KeySpec{.name = "mode",
            .kind = K::kEnum,
            .description =
                "How it hears of changes. outbox (without this key): triggers write them "
                "into a table, in the transaction that makes them. replication: the "
                "server tells them from its log, which it keeps until they were read; "
                "it wants wal_level = logical, a role that may replicate, and `tables`, "
                "each with a primary key, unless `operations` is create.",
            .words = kPostgresModes},
    KeySpec{.name = "rows",
            .kind = K::kEnum,
            .description = "What an event has of its row: the primary key (without this key), or "
                           "the whole of it, as it was written, or, deleted, as it was.",
            .words = kRows},
    KeySpec{.name = "install",
            .kind = K::kBool,
            .description = "Whether the server makes in the database what it needs there, and "
                           "changes it with the trigger. With false somebody who may do that "
                           "calls `dyna input install`; the server's role then wants no rights to "
                           "make things."},
    kEventWhere,
    kEventBatch,
    kEventDebounce,
    kEventDedupe,
    kOverGaps,
};

constexpr std::array kKafkaKeys{
    required(connection_detail::kKafkaConnection),
    KeySpec{.name = "topics",
            .kind = K::kList,
            .description = "Topics whose records come: names, or, with a ^ in front, regular "
                           "expressions for names; of such, topics that are made later are found "
                           "within half a minute.",
            .required = true,
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "group",
            .kind = K::kText,
            .description = "The consumer group, whose members part the partitions among them. "
                           "Without this key cordyna.NAMESPACE.FLOW.TRIGGER."},
    KeySpec{.name = "format",
            .kind = K::kEnum,
            .description = "What values are: json (without this key), text in UTF-8, or bytes, "
                           "which `event.data.value` has in base64.",
            .words = kRecordFormats},
    KeySpec{.name = "start",
            .kind = K::kEnum,
            .description = "Of a topic that nobody of the group has read: all records that there "
                           "are (earliest; without this key), or those to come (latest).",
            .words = kStarts},
    KeySpec{.name = "operations",
            .kind = K::kList,
            .description = "A record is a create, one without a value (a tombstone) a delete. "
                           "Without this key both are wanted.",
            .one_or_list = true,
            .item = &kRecordOperationItem,
            .least = 1},
    kEventWhere,
    kEventBatch,
    kEventDebounce,
    kEventDedupe,
    kOverGaps,
};

constexpr std::array kFileKeys{
    KeySpec{.name = "folder",
            .kind = K::kText,
            .description = "The folder that is watched, from the flow's folder or absolute. It may "
                           "be missing for a while.",
            .required = true},
    KeySpec{.name = "files",
            .kind = K::kList,
            .description = "Which files: patterns with *, ? and [a-z], such as *.csv, for names, "
                           "or, with a slash, such as 2026/*.csv, for paths from the folder. "
                           "Without this key all.",
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "ignore",
            .kind = K::kList,
            .description = "Files and folders that are passed over, by patterns as of `files`. "
                           "Without this key [.*, \"*~\", \"*.tmp\", \"*.part\", \"*.partial\", "
                           "\"*.filepart\", \"*.crdownload\"].",
            .one_or_list = true,
            .item = &kNameItem},
    KeySpec{.name = "recursive",
            .kind = K::kBool,
            .description = "Also files in folders below it; symbolic links are not followed."},
    KeySpec{.name = "settle",
            .kind = K::kDuration,
            .description = "A file counts when nothing was written to it for so long. Whoever "
                           "still has it open is waited for 15 times as long; a file that is "
                           "renamed there counts at once. 2s without this key.",
            .least = 10,
            .most = kDayMillis},
    KeySpec{.name = "operations",
            .kind = K::kList,
            .description = "What is done to files: create, update, delete. Without this key create "
                           "and update. A renamed file is a delete and a create.",
            .one_or_list = true,
            .item = &kOperationItem,
            .least = 1},
    KeySpec{.name = "archive",
            .kind = K::kText,
            .description = "A folder, from the flow's folder or absolute, made if it is missing: "
                           "files are moved there before their runs, and `event.location` is where "
                           "they are then. A second one of the same name becomes NAME~2.csv."},
    KeySpec{.name = "existing",
            .kind = K::kBool,
            .description = "With false, files that are there when it first begins have no runs."},
    KeySpec{.name = "hash",
            .kind = K::kBool,
            .description = "Events have `data.sha256`, of what the file holds."},
    KeySpec{.name = "rescan",
            .kind = K::kDuration,
            .description = "So often the folder is gone through, for what the machine does not "
                           "tell: files that others write over a network. 1m without this key.",
            .least = 100,
            .most = kDayMillis},
    KeySpec{.name = "max_files",
            .kind = K::kInt,
            .description = "With more files in the folder the input stops. 200,000 without this "
                           "key; each takes some 300 bytes of memory.",
            .least = 1,
            .most = 1'000'000},
    kEventWhere,
    kEventBatch,
    kEventDebounce,
    kEventDedupe,
    kOverGaps,
};

constexpr std::array kEventKeys{kEventWhere, kEventBatch, kEventDebounce, kEventDedupe, kOverGaps};

/// The keys of a type, and those that all with an input have.
template <std::size_t kOwn>
constexpr auto with_event_keys(const std::array<KeySpec, kOwn>& own) {
  std::array<KeySpec, kOwn + kEventKeys.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i < kOwn ? own[i] : kEventKeys[i - kOwn];
  return all;
}

constexpr std::array kPollKeys = with_event_keys(poll_detail::kPollOwnKeys);

constexpr std::array kRedisFormats{Word("text"), Word("json")};

constexpr std::array kRedisKeys{
    connection_detail::kRedisConnection,
    KeySpec{.name = "streams",
            .kind = K::kList,
            .description = "Streams whose entries come. One that is not there is made, empty.",
            .required = true,
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "group",
            .kind = K::kText,
            .description = "The consumer group, whose members part the entries among them; it is "
                           "made where it is missing. Without this key "
                           "cordyna.NAMESPACE.FLOW.TRIGGER."},
    KeySpec{.name = "format",
            .kind = K::kEnum,
            .description = "What values of fields are: text (without this key), or json, where "
                           "each that is JSON is such, and any other a text.",
            .words = kRedisFormats},
    KeySpec{.name = "start",
            .kind = K::kEnum,
            .description = "Of a stream that has no such group: all entries that there are "
                           "(earliest; without this key), or those to come (latest).",
            .words = kStarts},
    KeySpec{.name = "claim_after",
            .kind = K::kDuration,
            .description = "What another member of the group got and did not confirm for so long "
                           "is taken over; 0s: never. 5m without this key.",
            .most = 31 * kDayMillis},
    kEventWhere,
    kEventBatch,
    kEventDebounce,
    kEventDedupe,
};

constexpr std::array kFlowKeys{
    KeySpec{.name = "flows",
            .kind = K::kList,
            .description = "Flows whose runs it waits for: NAMESPACE/ID, or the ID of one in the "
                           "same namespace. None that this flow leads to.",
            .required = true,
            .one_or_list = true,
            .item = &kNameItem,
            .least = 1},
    KeySpec{.name = "need",
            .kind = K::kText,
            .description = "Of how many of `flows` a run must have ended since the last time: all "
                           "(without this key), any, or a number."},
    KeySpec{.name = "states",
            .kind = K::kList,
            .description = "How a run must have ended to count: completed, warning, error, "
                           "cancelled. Without this key completed or warning.",
            .one_or_list = true,
            .item = &kEndStateItem,
            .least = 1},
    KeySpec{.name = "within",
            .kind = K::kDuration,
            .description = "The time from the first to the last of the ends that count together; "
                           "an earlier one is forgotten. Without this key there is no bound.",
            .least = 1'000,
            .most = 366 * kDayMillis},
    kEventWhere,
    kEventBatch,
    kEventDebounce,
};

constexpr std::array kKinds{
    TriggerKind{"schedule", "Starts runs by the time.", kScheduleKeys},
    TriggerKind{
        "webhook",
        "Starts a run for each request to /hooks/NAMESPACE/FLOW/TRIGGER of a server. `event` "
        "has `id`, `trigger`, `at`, `data` (the body), `headers`, `query`.",
        kWebhookKeys},
    TriggerKind{
        "postgres",
        "Starts a run for each row that changes in a PostgreSQL database, once it is committed, "
        "also for those that changed while no server ran. `event` has `location` (schema.table), "
        "`operation`, `id` (the primary key), `at`, `data.key`, and with `rows: whole` `data.row`; "
        "`data.problem` where there is no row for it is too large.",
        kPostgresKeys},
    TriggerKind{
        "kafka",
        "Starts a run for each record of topics of Kafka, also for those that came while no server "
        "ran. `event` has `location` (the topic), `operation`, `id` (the record's key, where it is "
        "text), `at`, `data.partition`, `data.offset`, `data.key`, `data.headers` and "
        "`data.value`; instead of a value that is not of the format, or too large, `data.problem`, "
        "and, where it fits, `data.base64`. How far it is, stands in the server's state.",
        kKafkaKeys},
    TriggerKind{
        "flow",
        "Starts a run when runs of other flows have ended: of all of them, any, or so many, since "
        "the last time; it stands for the same time as the last of these. `event` "
        "has `location` (that flow), `operation` (update), `id` (of that run), `at`, and `data`: "
        "`flow`, `run`, `state`, `inputs`, `outputs`, `date`, `scheduled_for`, `interval`, "
        "`ended_at`, and the same of each flow's run in `data.runs['NAMESPACE/ID']`.",
        kFlowKeys},
    TriggerKind{
        "file",
        "Starts a run for each new or changed file of a folder, once it has come to rest, also for "
        "those that came while no server ran. `event` has `location` (the file's absolute path), "
        "`operation`, `id` (its path from the folder), `at`, and `data`: `path`, `name`, `folder`, "
        "`size`, `modified`, `inode`, and with `hash` `sha256`; of a path that is not UTF-8 also "
        "`problem` and `base64`. What is known of each file stands in the server's state.",
        kFileKeys},
    TriggerKind{
        "poll",
        "Asks a web service, or a database, again and again, and starts a run for each thing that "
        "is new there. `event` has `location` (the address without its query, or the database), "
        "`operation` (read), `id` (the key), `at`, and `data`: `item` or `row`, and `cursor`; "
        "`problem` where there is no row for it is too large. How far it is, stands in the "
        "server's state.",
        kPollKeys},
    TriggerKind{
        "redis",
        "Starts a run for each entry of streams of Redis, also for those that came while no server "
        "ran, as a member of a consumer group. `event` has `location` (the stream), `operation` "
        "(create), `id` (the entry's id), `at`, and `data`: `id`, and `fields` by their names, of "
        "one name a list; a value that is not UTF-8 is {base64: …}, and fields whose names are "
        "not stand in `binary`. An entry that was deleted before it was read has `problem` "
        "instead.",
        kRedisKeys},
};

constexpr std::array kRenamedTriggerKeys{
    Renamed{"tz", "timezone"},        Renamed{"time_zone", "timezone"},
    Renamed{"schedule", "cron"},      Renamed{"expression", "cron"},
    Renamed{"catchup", "catch_up"},   Renamed{"catchUp", "catch_up"},
    Renamed{"backfill", "catch_up"},  Renamed{"catch_up_window", "window"},
    Renamed{"parameters", "inputs"},  Renamed{"pause", "disabled"},
    Renamed{"key", "path_secret"},    Renamed{"secret", "signing_secret"},
    Renamed{"filter", "where"},       Renamed{"condition", "where"},
    Renamed{"deduplicate", "dedupe"}, Renamed{"idempotency_key", "dedupe"},
    Renamed{"flow", "flows"},         Renamed{"state", "states"},
    Renamed{"path", "folder"},        Renamed{"directory", "folder"},
    Renamed{"pattern", "files"},      Renamed{"glob", "files"},
    Renamed{"exclude", "ignore"},     Renamed{"poll_interval", "rescan"},
    Renamed{"move_to", "archive"},    Renamed{"debounce_time", "settle"},
    Renamed{"interval", "every"},
};

}  // namespace

std::span<const KeySpec> trigger_keys() {
  return kTriggerKeys;
}
std::span<const TriggerKind> trigger_kinds() {
  return kKinds;
}
std::span<const Renamed> renamed_trigger_keys() {
  return kRenamedTriggerKeys;
}
std::span<const std::string_view> later_trigger_types() {
  return kLaterTypes;
}

}  // namespace cordyna::flow
