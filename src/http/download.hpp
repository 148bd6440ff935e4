/// A file from a server, whole or not at all.
///
/// Blocks. Streams to the file in bounded memory. Follows redirects, tries again what may pass, and
/// goes on where a cut body ended if the server vouches (strong ETag) that it is still the same.
/// Threads: any, each call by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "http/tries.hpp"

namespace cordyna::http {

struct DownloadSpec {
  Url url;
  Headers headers;   ///< may hold secrets: another origin than the url's gets none of them
  std::string path;  ///< of the file, which is made or replaced
  std::uint64_t bytes_max = 0;  ///< 0: no limit
  std::string sha256;           ///< as lower-case hexadecimal digits; empty: any
  bool follows = true;          ///< redirects
  /// Changes each request right before it goes out: a signature. Empty: none.
  std::function<void(Request&)> prepare;
  TryOptions tries;
};

struct Downloaded {
  std::string url;  ///< where it came from in the end, as Url::shown
  int status = 0;
  std::uint64_t bytes = 0;
  std::string etag;
  std::string modified;  ///< Last-Modified as it came
  std::string encoding;  ///< Content-Encoding: how the file is packed; empty: it is not
  std::string sha256;
  int tries = 1;
  int resumed = 0;  ///< attempts that went on where the one before was cut
  /// Its length, its chunks, a digest or TLS's end showed that it is whole.
  bool whole = false;
};

/// Of Content-MD5, Digest, Repr-Digest, Content-Digest, x-goog-hash and x-amz-checksum-sha256
/// each one that is there must be right.
/// Errors, all without what the address has behind "?": kUnavailable, after all attempts: no
/// connection, 408, 425, 429, 5xx, a cut body, a wrong digest; kNotFound: 404, 410; kDenied: 401,
/// 403, a redirect from a public server to one that is not, or to a link-local address;
/// kUntrusted: TLS, or another sha256 than the one wanted, or a redirect away from TLS;
/// kInvalidArgument: another 4xx, more than 5 redirects, more than bytes_max bytes; kInternal: the
/// file cannot be written, with the system's text; kCancelled. The file is gone after an error.
[[nodiscard]] Result<Downloaded> download(const DownloadSpec& spec);

}  // namespace cordyna::http
