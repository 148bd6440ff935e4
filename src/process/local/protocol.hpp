/// What the owner and a guardian say to each other, over a socket pair that keeps messages apart.
///
///     owner → fork server  'G' version, with one end of a socket pair: make a guardian for it
///     owner → guardian     'S' start (the order follows), 'M' start (the order lies in a memfd
///     that
///                          comes along), 'C' cancel (a name follows)
///     guardian → owner     'S' started, 'E' ended (record follows), 'X' the folder exists already,
///                          'F' failed before the folder was made (errno follows); each with a name
///
/// Each message is its letter, the version, and its fields. What cannot be read is refused, never
/// guessed. Orders hold secrets: they go over sockets only, never into a file or an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/flow.hpp"
#include "ports/launch.hpp"
#include "process/local/fd.hpp"

namespace cordyna::local {

inline constexpr char kProtocolVersion = 3;
inline constexpr std::size_t kMessageMax = 65536;  ///< larger orders go through a memfd

/// Everything that a guardian needs to know of one attempt.
struct StartOrder {
  std::string name;               ///< its folder below runs/: "12/3-1"
  std::vector<std::string> argv;  ///< argv[0] is looked up in the PATH of `env`, if it has no "/"
  std::vector<std::string> env;   ///< "NAME=value", complete
  std::string folder;             ///< working folder
  std::vector<LaunchFile> files;
  std::vector<std::string> masks;
  Millis complete = 0;  ///< the deadline, from the start on; 0: none
  Millis kill_grace = 0;
  std::uint64_t log_bytes_max = 0;
  std::uint32_t umask = 022;
  std::uint64_t fence = 0;  ///< the owner's number (fence.hpp)
  Resources resources;
  bool use_groups = true;     ///< control groups for `resources`, where there are any
  bool ends_its_own = false;  ///< as Launch has it
};

[[nodiscard]] std::string encode(const StartOrder& order);
/// Errors: kInvalidArgument: cut short, too long, or of another version.
[[nodiscard]] Result<StartOrder> decode_order(std::string_view bytes);

/// Any other message.
struct Message {
  char kind = 0;
  std::string name;
  std::string payload;
};

[[nodiscard]] std::string encode(const Message& message);
[[nodiscard]] std::optional<Message> decode_message(std::string_view bytes);

/// Sends without raising SIGPIPE, with a descriptor if `passed` is not -1. 0 or errno.
[[nodiscard]] int send_message(int socket, std::string_view bytes, int passed = -1,
                               bool wait = true);

/// Sends an order, through a memfd where it is large. 0 or errno.
[[nodiscard]] int send_order(int socket, std::string_view order);

enum class Received : std::uint8_t { kMessage, kNothing, kEnd };

/// Takes one message without waiting. kEnd: the other side is gone, or what it sent is too long.
[[nodiscard]] Received receive_message(int socket, std::string& bytes, Fd& passed);

/// All of a memfd. Errors: kUnavailable.
[[nodiscard]] Result<std::string> read_memfd(int memfd);

}  // namespace cordyna::local
