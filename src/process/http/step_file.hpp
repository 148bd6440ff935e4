/// What the process of an http task gets to know: a file in its attempt's folder, and one variable
/// of its environment for what must not be written to the disk.
///
/// Threads: any, while nobody changes the environment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/status_range.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

namespace cordyna::web {

inline constexpr const char* kStepFile = "http.json";
inline constexpr const char* kSecretsVariable = "DYNA_HTTP_SECRETS";  ///< JSON: StepSecrets
/// Linux hands 128 KiB to a program in one variable.
inline constexpr std::size_t kSecretsBytesMax = std::size_t{120} << 10;

/// Whose idea the host is.
enum class HostBy : std::uint8_t {
  kFlow,     ///< its author's: anywhere but link-local
  kValue,    ///< that of who gives values to the run: only where everybody gets to
  kAllowed,  ///< theirs too, and the author allows what he may reach himself
};

struct HttpStep {
  std::string method;
  std::string url;        ///< secrets in it as "***"; so in headers and body
  http::Headers headers;  ///< of the flow
  std::string body;
  StatusRanges accepted;
  bool follows = false;
  HostBy host_by = HostBy::kFlow;
  Millis connect = 10'000;
  Millis idle = 60'000;
  Millis limit = 600'000;
  std::uint64_t bytes_max = 100'000'000;
  std::string id;           ///< the same for all attempts of the task in its run
  bool has_key = false;     ///< the id goes along as Idempotency-Key
  bool may_repeat = false;  ///< another attempt may follow, if this one fails
};

struct StepSecrets {
  std::optional<std::string> url;  ///< whole, where it holds a secret; so the body
  std::optional<std::string> body;
  http::Headers headers;           ///< those that hold one
  std::string authorization;       ///< the header's value; empty: none
  std::string sign;                ///< the signature's secret; empty: it is not signed
  std::vector<std::string> masks;  ///< every secret by itself, in each spelling that is used

  [[nodiscard]] bool empty() const;
  /// `text` with each of them as "***".
  [[nodiscard]] std::string hide(std::string text) const;
};

[[nodiscard]] std::string to_json(const HttpStep& step);
/// Errors: kCorrupt.
[[nodiscard]] Result<HttpStep> parse_step(std::string_view text);

[[nodiscard]] std::string to_json(const StepSecrets& secrets);
/// "" gives none. Errors: kCorrupt.
[[nodiscard]] Result<StepSecrets> parse_secrets(std::string_view text);

/// What goes out, without what changes from attempt to attempt. Errors: kInvalidArgument, naming
/// the key: no address, a header that is none or is ours to write, a secret that signs nothing.
[[nodiscard]] Result<http::Request> request_of(const HttpStep& step, const StepSecrets& secrets);

}  // namespace cordyna::web
