/// A call of a web service for each event, as a process: a webhook.
///
/// Over TLS with the system's OpenSSL, or without. Proxies are those of the environment
/// (http_proxy, https_proxy, all_proxy, no_proxy).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "cordyna/config.hpp"
#include "cordyna/export.hpp"
#include "cordyna/process.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

struct HttpOptions {
  std::string url;  ///< "https://api.example/hooks"; wanted
  std::string method = "POST";
  std::map<std::string, std::string> headers{};  ///< beside those that are ours
  /// Signs as Standard Webhooks say; behind "whsec_" it is Base64, else the key itself. Empty: not.
  std::string secret{};
  std::string accept_status = "200-299";      ///< statuses and ranges of them: "200-299,409"
  std::chrono::milliseconds timeout{30'000};  ///< of each attempt, to the answer's last byte
  std::chrono::milliseconds connect_timeout{10'000};  ///< of each address of the server
  /// Of one call, where another time may do: no connection, no answer in time, 408, 425, 429, 5xx.
  /// An orchestrator calls again besides.
  int attempts = 3;
  /// Before the second attempt, twice as long before each further one, up to a minute; never less
  /// than the server asks for (Retry-After), for which up to five minutes are waited.
  std::chrono::milliseconds retry_wait{1'000};
  bool follow_redirects = false;  ///< at most five; no event goes to another server
  std::string ca_file{};  ///< PEM: CAs that are trusted instead of the system's; empty: those
};

/// Sends each event as JSON (`to_json`, application/json). Idempotency-Key, and webhook-id where it
/// is signed, are "TRIGGER/KEY" of the event, percent-encoded where a header could not hold it: the
/// same for each repeat, so that who gets it knows one. The answer's body is not kept; one line of
/// `logs` says what came. Each attempt has a connection of its own, which is closed. The stop ends
/// it at once, but for the system's look-up of a name. Link-local addresses are not reached.
///
/// Errors of `run`, which name the address without what is behind "?": kUnavailable: it may pass;
/// kNotFound (404, 410); kDenied (401, 403, 407), or a link-local address; kUntrusted: TLS does not
/// trust the server; kInvalidArgument: any other status that is not accepted, which an orchestrator
/// does not try again; kCancelled: the stop.
///
/// Errors: kInvalidArgument, naming process and option.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Process>> http_process(std::string id,
                                                                        HttpOptions options);

/// For a ProcessRegistry. Keys of the execution context, as the options: `url` (wanted), `method`,
/// `headers` (a JSON object of texts) and `header.NAME`, `secret`, `accept_status`, `timeout`,
/// `connect_timeout` and `retry_wait` ("30s"), `attempts`, `follow_redirects` (true, false),
/// `ca_file`. Errors: as above, and kInvalidArgument for a key that is none of these.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Process>> make_http_process(
    const ProcessConfig& config);

}  // namespace cordyna
