/// One resumable upload of a file: what is sent is seen by nobody before the last byte is there.
///
/// Blocks; sends in chunks, and goes on where the server stopped hearing. Threads: one.
#pragma once

#include <cstdint>
#include <string>

#include "google/caller.hpp"

namespace cordyna::google {

/// Google takes multiples of 256 KiB.
inline constexpr std::uint64_t kChunkBytes = std::uint64_t{8} << 20;

class Resumable {
 public:
  /// `what` begins its errors. `path`: of the file, which stays as it is. Borrows the caller.
  Resumable(Caller& caller, std::string what, std::string path, std::string content_type)
      : caller_(&caller),
        what_(std::move(what)),
        path_(std::move(path)),
        content_type_(std::move(content_type)) {}

  /// Asks for a session with `start`, and sends all but the last chunk. Errors: those of
  /// `Caller::call`; kUntrusted: the session leads to another server; kInternal: the file cannot
  /// be read.
  [[nodiscard]] Result<> stage(http::Request start);
  /// Sends the last chunk: the answer to all of it. A `duplicate` status counts as an answer, too.
  /// Errors: the same; kUnavailable: the session is gone.
  [[nodiscard]] Result<http::Response> finish(int duplicate = 0);
  /// Gives up what was staged and not finished, without waiting for a server that is away.
  void abandon();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const std::string& what() const { return what_; }

 private:
  /// Where it begins.
  [[nodiscard]] std::uint64_t last_chunk() const;
  [[nodiscard]] Result<> send_until(std::uint64_t end);
  [[nodiscard]] Result<http::Response> send_chunk(std::uint64_t end);
  [[nodiscard]] Result<> take_progress(const http::Response& response);

  Caller* caller_;
  std::string what_;
  std::string path_;
  std::string content_type_;
  http::Url session_;
  bool open_ = false;
  std::uint64_t bytes_ = 0;
  std::uint64_t sent_ = 0;  ///< what the server has
};

}  // namespace cordyna::google
