/// Bytes to and from a server: TCP, TLS over it, and sockets of this machine.
///
/// Blocking, with a limit on each wait. Only for .cpp files of this folder and of `redis/`.
/// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "http/reach.hpp"

namespace cordyna::http {

struct Waits {
  Millis connect = 10'000;  ///< for each address of the host, and for TLS to begin
  Millis idle = 60'000;     ///< without a byte
  int cancel_fd = -1;       ///< readable: give up, with kCancelled
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// 0: the other side ended in order. Errors: kUnavailable, kCancelled.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> into) = 0;
  /// All of it. Errors: kUnavailable, kCancelled.
  [[nodiscard]] virtual Result<> write(std::string_view bytes) = 0;
};

struct Connected {
  std::unique_ptr<Stream> stream;
  bool is_public = false;  ///< everybody gets to the machine at the other end
};

/// Errors: kUnavailable, naming host and port; kDenied: the host has no address within `reach`;
/// kCancelled.
[[nodiscard]] Result<Connected> connect_tcp(const std::string& host, std::uint16_t port,
                                            const Waits& waits, Reach reach = Reach::kAnywhere);

/// A socket in the file system. Errors, naming it: kUnavailable: nothing there, nobody listens;
/// kDenied: no right to; kCancelled.
[[nodiscard]] Result<std::unique_ptr<Stream>> connect_unix(const std::string& path,
                                                           const Waits& waits);

/// Whom TLS trusts, and who we are to it. All of it is PEM text but the file's name.
struct TlsOptions {
  std::string ca_file{};      ///< CAs that are trusted instead of the system's; empty: those
  std::string ca{};           ///< the same as text, instead of the file
  std::string certificate{};  ///< ours, with those between it and its CA; empty: none
  std::string key{};          ///< of our certificate
  std::string server_name{};  ///< that the server's certificate must be valid for; empty: its host
};

/// TLS 1.2 or newer; the certificate must be valid for `host` and of a CA of the options, or, where
/// they name none, of one that the system, or $SSL_CERT_FILE, $SSL_CERT_DIR, trusts. Errors:
/// kUntrusted: it is not; kInvalidArgument: our certificate or key; kUnavailable, kCancelled.
[[nodiscard]] Result<std::unique_ptr<Stream>> start_tls(std::unique_ptr<Stream> below,
                                                        const std::string& host,
                                                        const TlsOptions& options = {});

}  // namespace cordyna::http
