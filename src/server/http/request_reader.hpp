/// A request out of the bytes of a connection, or the reason why it is none.
///
/// Pure; the only file that knows the library that parses. Strict where servers and proxies read
/// the same bytes differently: such a request is refused, and the connection with it.
/// Source: RFC 9112, 2 to 7. Internal to this folder. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "server/http/answer.hpp"
#include "server/http/head_scanner.hpp"
#include "server/http/http_server.hpp"

namespace cordyna::server {

struct ReaderRules {
  std::size_t head_bytes = 0;
  std::size_t headers = 0;
  std::vector<std::string> hosts;  ///< in lower case, IPv6 in brackets; empty: any
};
[[nodiscard]] ReaderRules reader_rules(const HttpSettings& settings);

class RequestReader {
 public:
  enum class Found : std::uint8_t {
    kMore,     ///< what is there was used, or cannot be without more
    kHead,     ///< once: limit_body() comes next, then the body
    kWhole,    ///< take()
    kRefused,  ///< refusal(); nothing after it can be read
  };
  struct Step {
    Found found = Found::kMore;
    std::size_t used = 0;  ///< bytes that the caller can forget
  };

  explicit RequestReader(const ReaderRules& rules);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// `bytes`: all that were not used yet.
  [[nodiscard]] Step feed(std::string_view bytes);
  /// False: the body is known to be larger; that is the refusal.
  [[nodiscard]] bool limit_body(std::size_t bytes);

  [[nodiscard]] const HttpRequest& head() const;
  [[nodiscard]] HttpRequest take();
  [[nodiscard]] Asked asked() const;
  [[nodiscard]] bool keeps_alive() const;
  [[nodiscard]] bool expects_continue() const;  ///< and a body is to come
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  class Impl;
  Step refuse(Refusal refusal);
  Step feed_head(std::string_view bytes);
  Step feed_body(std::string_view bytes);

  const ReaderRules& rules_;
  HeadScanner scanner_;
  Refusal refusal_;
  bool skipped_line_ = false;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::server
