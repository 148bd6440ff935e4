/// A response out of the bytes of a connection.
///
/// Pure; the only file that knows the library that parses. Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "http/message.hpp"

namespace cordyna::http {

class ResponseParser {
 public:
  /// `begin` is called once, with the head, unless it is an interim one (1xx); `take` with each
  /// piece of the body. An error of either ends the parsing, and comes out of `feed`.
  struct Taker {
    std::function<Result<>(const Response& head)> begin;
    std::function<Result<>(std::string_view piece)> take;
  };

  /// `no_body`: of a request that is answered without one (HEAD, CONNECT).
  ResponseParser(Taker taker, bool no_body);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// How many of the bytes were used up; what is left belongs in front of the next ones. Errors:
  /// kUnavailable: no HTTP; those of the taker.
  [[nodiscard]] Result<std::size_t> feed(std::string_view bytes);
  /// The other side closed. Errors: kUnavailable: the response is not whole.
  [[nodiscard]] Result<> end();
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] const Response& response() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::http
