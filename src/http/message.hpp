/// What goes to a server and what comes back.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/url.hpp"

namespace cordyna::http {

struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

/// The first of that name, in any case; null: there is none.
[[nodiscard]] const std::string* find_header(const Headers& headers, std::string_view name);
/// Of Content-Type, without its parameters and in small letters; empty: there is none.
[[nodiscard]] std::string media_type(const Headers& headers);
/// Replaces all of that name.
void set_header(Headers& headers, std::string_view name, std::string value);
/// Errors: kInvalidArgument: a name that is none, or a value with a line break; the value is not
/// quoted.
[[nodiscard]] Result<> check_header(const Header& header);

/// Of those that part a request from the next one, or say to whom it goes: nobody but us writes
/// them.
[[nodiscard]] bool is_own_header(std::string_view name);

struct Request {
  std::string method = "GET";
  Url url;
  Headers headers;   ///< without Host, Connection and Content-Length
  std::string body;  ///< sent when there is no file
  std::string body_file;
  std::uint64_t body_offset = 0;  ///< of the file
  std::uint64_t body_bytes = 0;   ///< of the file
};

struct Response {
  int status = 0;
  std::string reason;
  Headers headers;
  std::optional<std::uint64_t> length;  ///< of the body, as the server told it
  bool delimited = false;    ///< a body that is cut short is found out: a length, or chunks
  bool from_public = false;  ///< everybody gets to the server, or a proxy looks after that
  std::string body;          ///< the first kAnswerBytesMax bytes, where nobody took it

  [[nodiscard]] bool is_ok() const { return status >= 200 && status < 300; }
  [[nodiscard]] std::string header(std::string_view name) const;
};

inline constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 10;

}  // namespace cordyna::http
