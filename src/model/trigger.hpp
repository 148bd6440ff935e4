/// What starts runs: a trigger of a flow, and the tick that one of the times of a schedule is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace cordyna {

enum class TriggerType : std::uint8_t {
  kSchedule,
  kWebhook,
  kPostgres,
  kKafka,
  kFlow,
  kFile,
  kPoll,
  kRedis,
};

/// What becomes of times that were missed while nobody was there.
enum class CatchUp : std::uint8_t {
  kAll,     ///< each has its run
  kLatest,  ///< the last of them has
  kNone,
};

/// What happens to a local time that the clocks pass over.
enum class OnGap : std::uint8_t {
  kShift,  ///< it is due when the clocks have been put forward
  kSkip,   ///< it is not due that day
};
/// What happens to a local time that comes twice.
enum class OnOverlap : std::uint8_t { kOnce, kBoth };  ///< kOnce: the first time

[[nodiscard]] std::string_view to_string(TriggerType type);
/// Whether an input of the server listens for it, which goes on where it was.
[[nodiscard]] constexpr bool has_input(TriggerType type) {
  return type == TriggerType::kPostgres || type == TriggerType::kKafka ||
         type == TriggerType::kFile || type == TriggerType::kPoll || type == TriggerType::kRedis;
}
/// Whether its events are as inputs tell them: of a thing that has an id of its own, at a place.
[[nodiscard]] constexpr bool tells_of_things(TriggerType type) {
  return has_input(type) || type == TriggerType::kFlow;
}
[[nodiscard]] std::string_view to_string(CatchUp policy);
[[nodiscard]] std::string_view to_string(OnGap policy);
[[nodiscard]] std::string_view to_string(OnOverlap policy);

/// What a trigger of the type webhook wants of a request.
struct WebhookSpec {
  std::string path_secret;                   ///< name of a secret that ends the path; empty: none
  std::vector<std::string> signing_secrets;  ///< names; any of them may have signed; empty: none
  Millis tolerance = 0;                      ///< how far off the clock of a signature may be
  std::string event_id;                      ///< template over `event`; empty: the sender's header
  Millis wait = 0;  ///< how long the answer waits for the end of the run; 0: not at all

  bool operator==(const WebhookSpec&) const = default;
};

/// What all triggers have that an input listens for.
struct ListenSpec {
  std::string connection;               ///< JSON, as a connection's file has it
  std::vector<std::string> operations;  ///< "create", "update", "delete"; empty: all
  std::string dedupe;                   ///< template over `event`: its key; empty: the input's own
  bool over_gaps = false;  ///< where something is missing, it goes on with what is there

  bool operator==(const ListenSpec&) const = default;
};

/// What a trigger of the type postgres wants of a database.
struct PostgresSpec {
  std::vector<std::string> tables;  ///< "sales.orders"; empty: all
  bool replication = false;         ///< the server's log tells them, not triggers
  bool whole_rows = false;          ///< events have the row, not its key alone
  bool install = true;              ///< it makes in the database what is missing there

  bool operator==(const PostgresSpec&) const = default;
};

/// What a trigger of the type kafka wants of a broker.
struct KafkaSpec {
  std::vector<std::string> topics;  ///< names; with a ^ in front, regular expressions
  std::string group;                ///< empty: made of the flow and the trigger
  std::string format = "json";      ///< of values: "json", "text", "bytes"
  bool only_new = false;            ///< of what nobody of the group read, only records to come

  bool operator==(const KafkaSpec&) const = default;
};

/// What a trigger of the type file wants of a folder. Without a key, as FileSpec has it.
struct FileSpec {
  std::string folder;                              ///< absolute, or from the flow's folder
  std::vector<std::string> files;                  ///< patterns; empty: all
  std::optional<std::vector<std::string>> ignore;  ///< patterns; nullopt: temporary names
  bool recursive = false;
  Millis settle = 2'000;   ///< a file counts when it was not written to for so long
  std::string archive;     ///< as `folder`; empty: files stay
  bool existing = true;    ///< those that are there when it first begins have runs
  bool hash = false;       ///< events have the SHA-256
  Millis rescan = 60'000;  ///< so often the folder is gone through
  std::size_t max_files = 200'000;

  bool operator==(const FileSpec&) const = default;
};

/// What a trigger of the type poll asks, again and again: a web service or a database.
struct PollSpec {
  Millis every = 60'000;
  Millis timeout = 60'000;       ///< of one request or query
  std::string cursor;            ///< a column, or a path in each item; empty: none
  std::vector<std::string> key;  ///< columns or paths; empty: all that an item holds
  bool only_new = false;         ///< what is there at first has no runs
  std::string url;               ///< empty: it is a database
  bool posts = false;
  std::string headers;  ///< JSON, as all that follow where they are not empty
  std::string auth;
  std::string json;
  std::string items;  ///< a path; not JSON
  std::string send;
  std::string next;  ///< a path; not JSON
  std::string send_next;
  std::size_t max_size = std::size_t{8} << 20;  ///< bytes of an answer
  std::string query;                            ///< empty: it is a web service
  std::size_t max_rows = 1'000;

  bool operator==(const PollSpec&) const = default;
};

/// What a trigger of the type redis wants of a server.
struct RedisSpec {
  std::vector<std::string> streams;
  std::string group;             ///< empty: made of the flow and the trigger
  bool json = false;             ///< values that are JSON are such, not texts
  bool only_new = false;         ///< of a stream without the group, only entries to come
  Millis claim_after = 300'000;  ///< what another consumer left for so long is taken over; 0: never

  bool operator==(const RedisSpec&) const = default;
};

/// What a trigger of the type flow wants of other flows' runs.
struct FlowEndsSpec {
  std::vector<std::string> flows;  ///< "acme/load"; without a namespace "/load"; each once
  std::size_t need = 0;  ///< of so many different ones a run has ended since the last time
  std::vector<std::string> states;  ///< final states of a run that count
  Millis within = 0;                ///< of those ends, from the first to the last; 0: no bound

  bool operator==(const FlowEndsSpec&) const = default;
};

/// Many events for one run.
struct GatherSpec {
  std::size_t max = 0;  ///< events of one run; 0: each has a run of its own
  Millis within = 0;    ///< so long after the first its run begins, also with fewer
  Millis debounce = 0;  ///< so long after the last; its run is for that one. 0: a batch

  [[nodiscard]] bool is_on() const { return max > 0; }
  bool operator==(const GatherSpec&) const = default;
};

/// One of `triggers:`, checked: of a schedule, expression and zone can be read.
struct TriggerSpec {
  std::string id;
  TriggerType type = TriggerType::kSchedule;
  std::string description;
  std::string cron;
  std::string timezone = "UTC";
  CatchUp catch_up = CatchUp::kLatest;
  Millis window = 0;  ///< how far back a catch-up looks; 0: no bound
  Millis jitter = 0;  ///< its runs start so much later at most; 0: when they are due
  OnGap on_gap = OnGap::kShift;
  OnOverlap on_overlap = OnOverlap::kOnce;
  std::vector<std::int64_t> holidays;  ///< local days since 1970-01-01, ascending, each once
  std::string where;  ///< template over `event`: whether it has a run; empty: it has
  GatherSpec gather;
  WebhookSpec webhook;
  ListenSpec listen;
  PostgresSpec postgres;
  KafkaSpec kafka;
  FlowEndsSpec ends;
  FileSpec file;
  PollSpec poll;
  RedisSpec redis;
  /// Input → its text as on a command line, or, of type json, JSON; templates over `run` and, where
  /// there is one, `event` in it.
  std::vector<std::pair<std::string, std::string>> inputs;
  bool disabled = false;

  bool operator==(const TriggerSpec&) const = default;
};

/// The time that a run stands for, which is not when it began.
struct Scheduled {
  std::string trigger;       ///< its id in the flow; empty: a person asked for the run
  Millis at = 0;             ///< 0: the run's own time
  Millis interval_from = 0;  ///< the time that was due before; the interval ends at `at`

  bool operator==(const Scheduled&) const = default;
};

enum class TickState : std::uint8_t {
  kBegun,    ///< no time that was due: from here on the trigger is kept
  kRun,      ///< it has its run
  kSkipped,  ///< it has none, as declared; may stand for many times in a row
  kError,    ///< its run could not be made: `detail` says why
};

[[nodiscard]] std::string_view to_string(TickState state);
[[nodiscard]] std::optional<TickState> parse_tick_state(std::string_view text);

/// What became of a time at which a trigger was due. Written once, never changed: two rows for one
/// time cannot be, so no tick has two runs.
struct TickRow {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  Millis scheduled_for = 0;  ///< of a row for many times: the last of them
  Millis first = 0;          ///< of a row for many times: the first of them; else scheduled_for
  std::int64_t count = 0;    ///< of kSkipped: how many times; 0: more than were counted
  TickState state = TickState::kRun;
  std::int64_t run = 0;  ///< the run's number; 0: none
  Millis at = 0;         ///< when this was decided
  std::string detail;    ///< why there is no run

  bool operator==(const TickRow&) const = default;
};

}  // namespace cordyna
