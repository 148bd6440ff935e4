/// The table of messages between cerebro and task servers. It decides what is taken, and it is what
/// the documents of the protocol say: nothing else does.
///
/// Values. Threads: any. Source: docs/decisions/044-protocol-messages.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "shape/shape.hpp"

namespace cordyna::protocol {

enum class MessageKind : std::uint8_t {
  kReady,
  kInvoke,
  kQueued,
  kStarted,
  kCompleted,
  kError,
  kHello,
  kWelcome,
  kDeclare,
  kDeclared,
  kHeartbeat,
  kLease,
  kGoodbye,
  kReceipt,
  kRejected,
  kProgress,
  kLog,
  kCancel,
  kCancelled,
  kFenced,
  kProblem,
  kResume,
  kResumed,
  kExtend,
  kExtended,
  kDraining,
  kDrain,
};

enum class Direction : std::uint8_t { kToCerebro, kToServer, kBoth };

/// How much of the protocol a server has to speak to use a message. 0 is doable with curl; 1 are
/// sessions that notice what is lost; 2 goes on after a reconnect, and leaves without harm.
inline constexpr int kLevelMax = 2;

struct MessageSpec {
  MessageKind kind;
  std::string_view type;  ///< "cordyna.task.started.v1"
  Direction direction;
  int level = 0;
  const shape::ObjectSpec* data;
  std::string_view text;
};

/// All of them, in the order of the document.
[[nodiscard]] std::span<const MessageSpec> messages();
[[nodiscard]] const MessageSpec& message_spec(MessageKind kind);
/// Null: no message has this type.
[[nodiscard]] const MessageSpec* find_message(std::string_view type);

/// What the data of messages refers to, and the data itself.
[[nodiscard]] shape::Specs message_objects();
/// A task as its server declares it. Checked by itself: one that is wrong leaves the others.
[[nodiscard]] const shape::ObjectSpec& task_declaration();

inline constexpr std::size_t kMessageMax = std::size_t{256} << 10;  ///< bytes, as it is sent
inline constexpr std::size_t kListMax = std::size_t{1} << 20;       ///< bytes of a list of them
inline constexpr std::size_t kInvokeMax = std::size_t{3}
                                          << 20;  ///< bytes of the data of a task.invoke
inline constexpr std::size_t kBatchMax = 1000;    ///< messages at once

}  // namespace cordyna::protocol
