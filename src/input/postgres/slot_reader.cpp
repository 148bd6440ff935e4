#include "input/postgres/slot_reader.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "input/postgres/changes.hpp"
#include "input/postgres/replication.hpp"
#include "input/postgres/row_delivery.hpp"

namespace cordyna::input {
namespace {

using SlotMs = std::chrono::milliseconds;
using SlotClock = std::chrono::steady_clock;

constexpr std::size_t kBatchEvents = 1'000;
constexpr std::size_t kBatchData = std::size_t{1} << 20;
/// The server is told how far we are: it keeps its log until then, and ends a connection that says
/// nothing for a minute.
constexpr SlotMs kTellEach{1'000};
constexpr SlotMs kIdleTell{10'000};

class SlotReader {
 public:
  SlotReader(const PostgresPlan& plan, const PostgresOptions& options)
      : plan_(plan), options_(options) {}

  Result<> read(const Wake& wake, EventSink& sink) {
    TRY_ASSIGN(PgReplication database, PgReplication::open(plan_, wake));
    if (options_.install) TRY(database.publish());
    TRY_ASSIGN(ChangePosition position, begin(database, sink));
    TRY_ASSIGN(PgConnection connection, database.stream());
    TRY(sink.send({}, to_text(position)));
    Stream stream{
        .connection = std::move(connection),
        .reader = ChangeReader(
            position, options_.whole_rows, kRowBytes,
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
    TRY(deliver_rows(sink, stream.events));
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

  const PostgresPlan& plan_;
  const PostgresOptions& options_;
};

}  // namespace

Result<> read_slot(const PostgresPlan& plan, const PostgresOptions& options, const Wake& wake,
                   EventSink& sink) {
  return SlotReader(plan, options).read(wake, sink);
}

Result<> install_slot(const PostgresPlan& plan, const Wake& wake) {
  TRY_ASSIGN(PgReplication database, PgReplication::open(plan, wake));
  TRY(database.publish());
  return database.make_slot();
}

}  // namespace cordyna::input
