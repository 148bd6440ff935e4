#include "google/resumable.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace cordyna::google {
namespace {

constexpr int kResumeIncomplete = 308;

Error session_gone(const std::string& what) {
  return {ErrorCode::kUnavailable,
          what + ": the server forgot the upload; another attempt of the task begins it anew"};
}

}  // namespace

Result<> Resumable::stage(http::Request start) {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) {
    return fail(ErrorCode::kInternal,
                fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
  }
  bytes_ = static_cast<std::uint64_t>(found.st_size);
  http::set_header(start.headers, "X-Upload-Content-Type", content_type_);
  http::set_header(start.headers, "X-Upload-Content-Length", std::to_string(bytes_));
  TRY_ASSIGN(const http::Response begun, caller_->call(start, what_));
  Result<http::Url> session = http::resolve_url(start.url, begun.header("Location"));
  if (begun.header("Location").empty() || !session.has_value()) {
    return fail(ErrorCode::kUnavailable, what_ + ": the server gave no address for the upload");
  }
  // The token goes there, and so does the data.
  if (!session->same_origin(start.url)) {
    return fail(ErrorCode::kUntrusted,
                fmt::format("{}: the server wants the upload at {}, which is another server", what_,
                            session->authority()));
  }
  session_ = *std::move(session);
  open_ = true;
  return send_until(last_chunk());
}

std::uint64_t Resumable::last_chunk() const {
  return bytes_ == 0 ? 0 : (bytes_ - 1) / kChunkBytes * kChunkBytes;
}

/// "bytes=0-8388607" tells what is there; without the header it is nothing.
Result<> Resumable::take_progress(const http::Response& response) {
  const std::string range = response.header("Range");
  std::uint64_t last = 0;
  const std::size_t dash = range.rfind('-');
  if (range.empty() || dash == std::string::npos) {
    sent_ = 0;
    return {};
  }
  const char* end = range.data() + range.size();
  const auto [stop, error] = std::from_chars(range.data() + dash + 1, end, last);
  if (error != std::errc() || stop != end || last >= bytes_) {
    return fail(ErrorCode::kUnavailable, what_ + ": the server's answer cannot be read");
  }
  sent_ = last + 1;
  return {};
}

/// From what the server has to `end`, at most a chunk; where all of it is there, the question what
/// became of it.
Result<http::Response> Resumable::send_chunk(std::uint64_t end) {
  http::Request request;
  request.method = "PUT";
  request.url = session_;
  const std::uint64_t size = std::min(kChunkBytes, end - sent_);
  if (size == 0) {
    request.headers = {{"Content-Range", fmt::format("bytes */{}", bytes_)}};
  } else {
    request.headers = {
        {"Content-Type", content_type_},
        {"Content-Range", fmt::format("bytes {}-{}/{}", sent_, sent_ + size - 1, bytes_)}};
    request.body_file = path_;
    request.body_offset = sent_;
    request.body_bytes = size;
  }
  return caller_->call_once(std::move(request), what_);
}

Result<> Resumable::send_until(std::uint64_t end) {
  http::Tries tries(caller_->tries(), what_);
  bool unsure = false;  // what the server has
  while (sent_ < end) {
    Result<http::Response> response = fail(ErrorCode::kUnavailable, "");
    if (unsure) {
      http::Request ask;
      ask.method = "PUT";
      ask.url = session_;
      ask.headers = {{"Content-Range", fmt::format("bytes */{}", bytes_)}};
      response = caller_->call_once(std::move(ask), what_);
    } else {
      response = send_chunk(end);
    }
    if (response.has_value() && response->status == kResumeIncomplete) {
      const std::uint64_t before = sent_;
      TRY(take_progress(*response));
      unsure = false;
      if (sent_ > before) continue;
      TRY(tries.next({ErrorCode::kUnavailable, what_ + ": the server took nothing of a chunk"}));
      continue;
    }
    if (response.has_value() && (response->status == 404 || response->status == 410)) {
      return std::unexpected<Error>(session_gone(what_));
    }
    Error error = response.has_value() ? google_error(*response, what_) : response.error();
    if (response.has_value() && response->is_ok()) {
      error = {ErrorCode::kUntrusted, what_ + ": the server says that all came, and it did not"};
    }
    TRY(tries.next(std::move(error),
                   response.has_value() ? http::retry_after(*response, wall_now()) : -1));
    unsure = true;
  }
  return {};
}

Result<http::Response> Resumable::finish(int duplicate) {
  http::Tries tries(caller_->tries(), what_);
  bool unsure = false;
  while (true) {
    const std::uint64_t known = sent_;
    if (unsure) sent_ = bytes_;  // asks what is there, and what became of it
    Result<http::Response> response = send_chunk(bytes_);
    sent_ = known;
    if (response.has_value() && (response->is_ok() || response->status == duplicate)) {
      open_ = false;
      return response;
    }
    if (response.has_value() && response->status == kResumeIncomplete) {
      TRY(take_progress(*response));
      unsure = false;
      TRY(tries.next({ErrorCode::kUnavailable, what_ + ": the server did not get the end"}));
      TRY(send_until(last_chunk()));  // it may have lost more
      continue;
    }
    if (response.has_value() && (response->status == 404 || response->status == 410)) {
      open_ = false;
      return std::unexpected<Error>(session_gone(what_));
    }
    Error error = response.has_value() ? google_error(*response, what_) : response.error();
    TRY(tries.next(std::move(error),
                   response.has_value() ? http::retry_after(*response, wall_now()) : -1));
    unsure = true;
  }
}

void Resumable::abandon() {
  if (!open_) return;
  open_ = false;
  http::Request request;
  request.method = "DELETE";
  request.url = session_;
  caller_->call_in_passing(std::move(request));
}

}  // namespace cordyna::google
