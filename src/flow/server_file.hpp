/// `server:` of cordyna.yaml: where and how `dyna up` serves its API, and within what limits.
///
/// Each setting is a row of one table: it can stand in the file, in the environment
/// (DYNA_LIMITS_BODY for limits.body), or in an option. Threads: none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "flow/key_spec.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {

struct ServerLimits {
  std::uint64_t body = std::uint64_t{1} << 20;   ///< bytes of a request's body
  std::uint64_t head = std::uint64_t{16} << 10;  ///< bytes of its line and headers
  std::uint32_t headers = 100;
  std::uint32_t connections = 1000;
  std::uint32_t streams = 200;   ///< live streams at once
  std::uint32_t sessions = 500;  ///< of task servers with one token
  std::uint32_t messages = 0;    ///< of task servers with one token in a second; 0: no bound
  std::uint32_t attempts = 0;    ///< of a team's task servers at once; 0: no bound
  std::uint32_t requests = 0;    ///< of one caller in a second; 0: no bound
  std::uint32_t runs = 0;        ///< that one caller begins in a day; 0: no bound
  std::uint32_t failures = 5;    ///< refused tokens, logins and webhooks of one address in a second
  std::uint32_t pending_events = 1'000'000;
  Millis head_wait = 10'000;
  Millis body_wait = 60'000;
  Millis idle_wait = 75'000;
  Millis write_wait = 30'000;

  bool operator==(const ServerLimits&) const = default;
};

struct ServerConfig {
  std::string listen = "127.0.0.1:7070";  ///< or "off"
  std::string tls_cert;
  std::string tls_key;
  std::string public_url;
  bool insecure_plaintext = false;
  std::vector<std::string> cors;  ///< origins; empty: no other page may use the API
  /// Beside the flow's own folder: where files may lie that are named from afar.
  std::vector<std::string> files;
  std::vector<std::string> git_folders;  ///< with repositories that git.yaml may name
  std::string redis;                     ///< redis://USER@HOST:PORT/DATABASE; empty: none
  std::string redis_secret;              ///< the secret with its password
  std::string redis_prefix = "cordyna";
  std::string redis_ca_file;
  Millis drain = 0;  ///< how long runs may go on when it is told to go; 0: to their end
  ServerLimits limits;

  bool operator==(const ServerConfig&) const = default;
};

[[nodiscard]] std::span<const KeySpec> server_keys();

/// "listen", "limits.body": all names, in the order of the table.
[[nodiscard]] std::vector<std::string> setting_names();
/// "DYNA_LIMITS_BODY" of "limits.body".
[[nodiscard]] std::string environment_name(std::string_view setting);
/// Errors: kInvalidArgument: no such setting, with what is like it, or a value that does not fit.
/// No message of a value of tls_key, which may be more than a path.
[[nodiscard]] Result<> set(ServerConfig& config, std::string_view setting, std::string_view value);
/// As `set` takes it.
[[nodiscard]] std::string value_of(const ServerConfig& config, std::string_view setting);

/// Of a value that fits server_keys(). `given` gets the names of what stands there.
[[nodiscard]] ServerConfig server_of(const Node& server, std::vector<std::string>& given);

}  // namespace cordyna::flow
