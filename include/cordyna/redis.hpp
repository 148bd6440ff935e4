/// Entries of Redis streams as events, also those that come while nobody listens.
///
/// An input is one member of a consumer group. An entry is confirmed (XACK) when its event is kept;
/// one that comes again, after a crash in between, is known by its id, and no second event. Redis
/// 6.2 or newer; of 7 or newer, what was trimmed before it was read is counted, too.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// What the values of an entry's fields are.
enum class RedisFormat : std::uint8_t {
  kText,  ///< texts
  kJson,  ///< what is JSON is such, digit by digit, anything else a text
};

/// Where a stream begins that has no such group.
enum class RedisStartAt : std::uint8_t { kEarliest, kLatest };

struct RedisOptions {
  std::string host{};  ///< a name, an address, or the absolute path of a Unix socket
  std::uint16_t port = 6'379;
  std::uint32_t database = 0;
  bool tls = false;                    ///< the server's certificate and name are checked
  std::string ca_file{};               ///< PEM: who is trusted instead of the system's CAs
  std::string user{};                  ///< empty: the server's default user
  std::string password{};              ///< empty: nobody logs in
  std::vector<std::string> streams{};  ///< one that is not there is made, empty
  std::string group{};                 ///< empty: "cordyna." and the id of the input
  RedisFormat format = RedisFormat::kText;
  RedisStartAt start = RedisStartAt::kEarliest;
  /// What another member got and did not confirm for so long is taken over. 0: never. Shorter than
  /// what a member may need for it, and both tell of it.
  std::chrono::milliseconds claim_after{300'000};
};

/// Events: `location` is the stream; `id` the entry's; `operation` kCreate; `at` as the id says, if
/// it is a time; `data` {"id":"1-0","fields":{"name":"value"}}. Values of fields of one name are a
/// list; one that is not UTF-8 is {"base64":"…"}; fields whose names are not stand in "binary":
/// [{"name":{"base64":"…"},"value":…}]. An entry that was deleted before its event was kept is
/// {"id":…,"problem":…}.
///
/// Entries that were trimmed or deleted before any member got them are counted and told
/// (EventSink::tell). A group that is gone is made anew where the input was; a stream that was made
/// anew is read from its beginning.
///
/// Ends, to be called again: kUnavailable: no server, one that loads, is a replica or full;
/// kDenied: password, permission; kUntrusted: TLS; kInvalidArgument: a key that is no stream.
///
/// Errors: kInvalidArgument: an option is not what it should be.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> redis_input(std::string id,
                                                                     RedisOptions options);

/// For an InputRegistry; `connection_string`: "redis://user:password@host:6379/0/STREAM,STREAM", or
/// rediss:// for TLS; user, password and port may be missing.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> make_redis_input(
    const InputConfig& config);

}  // namespace cordyna
