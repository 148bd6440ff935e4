/// A listener that goes on and on: rows of a database, messages of a topic, calls of others.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

inline constexpr std::size_t kPositionMax = 64 * 1024;  ///< bytes
inline constexpr std::size_t kMarkMax = 16 * 1024;  ///< bytes of a mark's name and text together

/// What an input remembers of one of many things, where a position would be too large: a file, say.
struct Mark {
  std::string name;  ///< among those of the input: UTF-8 without control characters
  std::string text;  ///< in the input's words; empty: there is no such mark any more

  bool operator==(const Mark&) const = default;
};

/// Where an input's events go. Threads: one at a time.
class CORDYNA_API EventSink {
 public:
  EventSink() = default;
  virtual ~EventSink();
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;

  /// Returns when they are kept, all or none: with a state, a crash loses none of them. Many at
  /// once cost little more than one. Waits while too many events are pending, or the disk is full.
  /// Events with an operation that the input ignores are dropped, as repeats are.
  ///
  /// `position`: where to go on after a restart, kept in the same transaction as the events; empty:
  /// as it was. At most kPositionMax bytes of UTF-8.
  ///
  /// Errors: kInvalidArgument: `data` is no JSON, an event is too large, a key or the position is
  /// not what it should be; kCancelled: it is time to end; kUnavailable: the state is gone.
  [[nodiscard]] virtual Result<> send(std::span<const Event> events, std::string position) = 0;
  [[nodiscard]] Result<> send(const Event& event) { return send(std::span(&event, 1), {}); }

  /// As it was sent last, in this program or an earlier one; empty: never.
  [[nodiscard]] virtual std::string position() const = 0;

  /// As `send`, with marks that are set or taken away in the same transaction. Errors: those of
  /// `send`; kInvalidArgument: a mark is not what it should be, or the sink keeps none.
  [[nodiscard]] virtual Result<> send_with(std::span<const Event> events, std::string position,
                                           std::span<const Mark> marks);
  /// Those that there are after a name, in order of its bytes, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<Mark>> marks(std::string_view after,
                                                        std::size_t limit) const;

  /// What somebody should know while the input goes on: shown with it until the next call. Empty:
  /// nothing any more.
  virtual void tell(const std::string& problem);
  /// Why nothing comes for now, though the input goes on trying by itself: shown as its failure
  /// until the next call of `send`. By itself as `tell`.
  virtual void fails(const std::string& problem);
};

/// Threads: `handle` is called from one at a time.
class CORDYNA_API Input {
 public:
  /// `operations`: those that are wanted; empty: all.
  explicit Input(std::string id, std::vector<Operation> operations = {})
      : id_(std::move(id)), operations_(std::move(operations)) {}
  virtual ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }

  /// Listens until `stop`. When it returns or throws before, that is reported, and it is called
  /// again after a while.
  [[nodiscard]] virtual Result<> handle(std::stop_token stop, EventSink& sink) = 0;

 private:
  std::string id_;
  std::vector<Operation> operations_;
};

}  // namespace cordyna
