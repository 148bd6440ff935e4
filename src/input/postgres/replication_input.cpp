#include "input/postgres/replication_input.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "input/postgres/changes.hpp"
#include "input/postgres/delivery.hpp"
#include "input/postgres/replication.hpp"
#include "input/postgres/stop_wake.hpp"

namespace cordyna::input {
namespace {

using SlotMs = std::chrono::milliseconds;
using SlotClock = std::chrono::steady_clock;

// Of an event's bytes, so many are for what is not the row.
constexpr std::size_t kSlotRowBytes = kEventBytesMax - 4096;
constexpr std::size_t kBatchEvents = 1'000;
constexpr std::size_t kBatchData = std::size_t{1} << 20;
/// The server is told how far we are: it keeps its log until then, and ends a connection that says
/// nothing for a minute.
constexpr SlotMs kTellEach{1'000};
constexpr SlotMs kIdleTell{10'000};

class SlotInput final : public Input {
 public:
  SlotInput(OutboxPlan plan, PostgresOptions options)
      : Input(plan.id, plan.operations), plan_(std::move(plan)), options_(std::move(options)) {}

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    const StopWake wake(stop);
    const auto ended = listen(wake, sink);
    if (!ended.has_value() && ended.error().code == ErrorCode::kCancelled) return {};
    return ended;
  }

 private:
  /// One connection, and what has come over it.
  struct Stream {
    PgConnection connection;
    ChangeReader reader;
    std::vector<ChangeEvent> events{};
    std::size_t bytes = 0;
    Lsn kept = 0;  // all before it is kept here
    Lsn told = 0;
    SlotClock::time_point tell_at{};
  };

  Result<> listen(const Wake& wake, EventSink& sink) {
    TRY_ASSIGN(PgReplication database, PgReplication::open(plan_, wake));
    if (options_.install) TRY(database.publish());
    TRY_ASSIGN(ChangePosition position, begin(database, sink));
    TRY_ASSIGN(PgConnection connection, database.stream());
    TRY(sink.send({}, to_text(position)));
    Stream stream{
        .connection = std::move(connection),
        .reader = ChangeReader(
            position, options_.whole_rows, kSlotRowBytes,
            [&database](const PgoRelation& relation) { return database.facts_of(relation); }),
    };
    while (true) {
      // What is there already goes together; only then is waited for more.
      TRY_ASSIGN(auto message, result_of(stream.connection.next_message(SlotMs(0))));
      if (message.has_value()) {
        TRY(take(*message, stream));
        if (stream.events.size() < kBatchEvents && stream.bytes < kBatchData) continue;
      }
      TRY(keep(stream, sink));
      TRY(tell(stream, false));
      if (message.has_value()) continue;
      TRY_ASSIGN(message, result_of(stream.connection.next_message(
                              stream.kept == stream.told ? kIdleTell : kTellEach)));
      if (message.has_value()) TRY(take(*message, stream));
    }
  }

  /// Where to go on; what changed while there was no slot cannot be known.
  Result<ChangePosition> begin(PgReplication& database, const EventSink& sink) {
    TRY_ASSIGN(ChangePosition position, parse_change_position(sink.position()));
    TRY_ASSIGN(const PgReplication::Now now, database.now());
    TRY_ASSIGN(const PgReplication::Slot slot, database.slot());
    const bool read = !position.system.empty();
    std::string gap;
    if (read && position.system != now.system) {
      gap = fmt::format("it is another database cluster ({}, not {})", now.system, position.system);
    } else if (read && position.lsn > now.lsn) {
      gap = fmt::format("it was set back to an earlier time: {} was read, and its log ends at {}",
                        lsn_text(position.lsn), lsn_text(now.lsn));
    } else if (read && slot == PgReplication::Slot::kNone) {
      gap = "the replication slot is gone";
    } else if (slot == PgReplication::Slot::kLost) {
      gap =
          "the server gave the replication slot up, as it kept too much of its log "
          "(max_slot_wal_keep_size)";
    }
    if (!gap.empty() && !options_.over_gaps) {
      return fail(ErrorCode::kConflict,
                  fmt::format("the database is not as it was read last: {}; changes may be "
                              "missing. `over_gaps` goes on with what there is",
                              gap));
    }
    if (!gap.empty()) position = {};
    if (options_.install) TRY(database.make_slot());
    position.system = now.system;
    return position;
  }

  static Result<> take(std::string_view message, Stream& stream) {
    TRY_ASSIGN(const auto parsed, parse_replication(message));
    if (const auto* alive = std::get_if<KeepAlive>(&parsed)) {
      // Between transactions, all that the server has looked at is nobody's, or kept.
      if (stream.events.empty() && !stream.reader.is_open() && alive->end > stream.kept) {
        stream.kept = alive->end;
      }
      return alive->reply ? tell(stream, true) : Result<>();
    }
    const WalData& data = std::get<WalData>(parsed);
    TRY_ASSIGN(const PgoMessage change, parse_pgoutput(data.payload));
    const std::size_t before = stream.events.size();
    TRY(stream.reader.take(change, stream.events));
    for (std::size_t i = before; i < stream.events.size(); ++i) {
      stream.bytes += stream.events[i].event.data.size();
    }
    if (stream.events.empty()) note_whole(stream);
    return {};
  }

  static void note_whole(Stream& stream) {
    const auto whole = stream.reader.whole();
    if (whole.has_value() && *whole > stream.kept) stream.kept = *whole;
  }

  static Result<> keep(Stream& stream, EventSink& sink) {
    if (!stream.events.empty()) TRY(deliver(sink, stream.events));
    stream.events.clear();
    stream.bytes = 0;
    note_whole(stream);
    return {};
  }

  static Result<> tell(Stream& stream, bool at_once) {
    const auto now = SlotClock::now();
    if (!at_once && now < stream.tell_at) return {};
    stream.tell_at = now + (stream.kept == stream.told ? kIdleTell : kTellEach);
    stream.told = stream.kept;
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return result_of(stream.connection.send_message(
        standby_status(stream.kept, std::chrono::duration_cast<SlotMs>(wall).count())));
  }

  OutboxPlan plan_;
  PostgresOptions options_;
};

}  // namespace

std::unique_ptr<Input> replication_input(OutboxPlan plan, PostgresOptions options) {
  return std::make_unique<SlotInput>(std::move(plan), std::move(options));
}

Result<> install_replication(const OutboxPlan& plan, const Wake& wake) {
  TRY_ASSIGN(PgReplication database, PgReplication::open(plan, wake));
  TRY(database.publish());
  return database.make_slot();
}

}  // namespace cordyna::input
