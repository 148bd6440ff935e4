/// Calls of others as events: webhooks.
///
/// An input has a path of an HTTP server within the program; inputs of one address share the
/// server. Whoever calls gets 202 once the event is kept, and not before.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// What the bodies of requests are: JSON in both cases.
enum class WebhookFormat : std::uint8_t {
  kEvent,  ///< an event as `to_json` writes it and `http_process` sends it
  kBody,   ///< anything else
};

struct WebhookOptions {
  std::string path;  ///< "/orders"; wanted
  /// An IP address and a port. Port 0: the system chooses one, for this input alone.
  std::string listen = "127.0.0.1:0";
  WebhookFormat format = WebhookFormat::kEvent;
  /// Of signatures, as Standard Webhooks say; one of them must fit, so that they can be changed.
  /// Behind "whsec_" it is Base64, else the key itself.
  std::vector<std::string> secrets{};
  std::chrono::seconds tolerance{300};  ///< of the time that is signed, before and after ours
  std::vector<Operation> operations{};  ///< empty: all
  std::size_t body_bytes = std::size_t{1} << 20;
  std::string certificate{};  ///< PEM file with the chain; with `key`: TLS 1.2 or newer
  std::string key{};          ///< PEM file
  /// Of an address that other machines reach, what is refused otherwise: no TLS, no secret.
  bool insecure_plaintext = false;
  bool allow_unsigned = false;
  /// Each time that it begins to listen, from the thread of `handle`; of use where the port is 0.
  std::function<void(std::uint16_t port)> on_listening{};
};

/// Takes POST and PUT with a body of JSON, and a Content-Type that says so.
///
/// Events of kEvent are what was sent, but for `trigger`. Those of kBody: `location` is the path,
/// `operation` kCreate, `data` {"body":…,"headers":{"name":"value"},"query":"a=1"}; names of
/// headers in small letters, without those that say who one is. `key` is webhook-id; of unsigned
/// requests also Idempotency-Key, or the one in the event: a repeat is answered as the first was,
/// and dropped. A key that is too long is replaced by its digest.
///
/// Other answers, with a problem document (RFC 9457): 400: the body is not what it should be; 401:
/// the signature; 404: no input has this path; 405; 413; 415; 503 with Retry-After: the input does
/// not listen, too many wait already, or the state cannot be written.
///
/// `handle` ends, to be called again, when the address is not ours or in use (kUnavailable), or the
/// certificate cannot be read (kInvalidArgument).
///
/// Errors: kInvalidArgument, naming input and option; kConflict: another input has this path of the
/// address, or listens there with another certificate.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> webhook_input(std::string id,
                                                                       WebhookOptions options);

/// For an InputRegistry; `connection_string`: "127.0.0.1:8080/orders", with or without "http://"
/// before it. Bodies are events. Errors: as above.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> make_webhook_input(
    const InputConfig& config);

}  // namespace cordyna
