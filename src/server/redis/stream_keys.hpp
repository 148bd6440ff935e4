/// Names of keys and channels in Redis, and ids of entries.
///
/// Pure. Threads: any. Source: docs/protocol.md, Redis Streams.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cordyna::server {

/// Who wants to speak, as the channel says over which it was asked: nobody else may use that.
struct Knock {
  std::string team;
  std::string server;
  std::string session;  ///< made by the server, anew for each socket
};

class StreamKeys {
 public:
  explicit StreamKeys(std::string prefix) : prefix_(std::move(prefix)) {}

  /// What a server says; what it hears.
  [[nodiscard]] std::string events(const Knock& who) const { return of("ev", who); }
  [[nodiscard]] std::string commands(const Knock& who) const { return of("cmd", who); }
  /// A set of the sockets that are open: who comes after us removes what we leave.
  [[nodiscard]] std::string sessions() const { return prefix_ + ":sessions"; }
  [[nodiscard]] std::string member(const Knock& who) const;
  [[nodiscard]] std::optional<Knock> of_member(std::string_view member) const;

  /// The pattern of the channels of those who knock.
  [[nodiscard]] std::string knocks() const { return prefix_ + ":hello:*"; }
  /// Nullopt: it is no such channel, or the session has a name that none has.
  [[nodiscard]] std::optional<Knock> of_knock(std::string_view channel,
                                              std::string_view session) const;
  /// A channel and a stream of one process alone.
  [[nodiscard]] std::string alive(std::string_view process) const;
  [[nodiscard]] std::string nudges(std::string_view process) const;

 private:
  [[nodiscard]] std::string of(std::string_view kind, const Knock& who) const;

  std::string prefix_;
};

/// Of "1796088650527-3" the time; nullopt: it is no id.
[[nodiscard]] std::optional<std::uint64_t> entry_millis(std::string_view id);
/// The next id: XTRIM keeps from there on. Of the last one that there can be, itself.
[[nodiscard]] std::string after_entry(std::string_view id);

}  // namespace cordyna::server
