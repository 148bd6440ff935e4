#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "http/digest.hpp"
#include "http/s3.hpp"

namespace cordyna::http {
namespace {

constexpr std::uint64_t kOnePutMax = std::uint64_t{64} << 20;
constexpr std::uint64_t kPartBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kPartsMax = 10'000;                   // S3's own limit
constexpr std::uint64_t kObjectMax = std::uint64_t{5} << 40;  // and this

Millis clock_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unexpected<Error> unreadable(const std::string& path) {
  return fail(ErrorCode::kInternal, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
}

Result<std::uint64_t> size_of(const std::string& path) {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) return unreadable(path);
  return static_cast<std::uint64_t>(found.st_size);
}

/// The server compares what came with it, as it is part of the signature.
Result<std::string> digest_of(const std::string& path, std::uint64_t offset, std::uint64_t bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unreadable(path);
  std::vector<char> piece(std::size_t{1} << 20);
  Digest digest(DigestKind::kSha256);
  while (bytes > 0) {
    const ssize_t n = pread(fd, piece.data(), std::min<std::uint64_t>(piece.size(), bytes),
                            static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      close(fd);
      return unreadable(path);
    }
    digest.add({piece.data(), static_cast<std::size_t>(n)});
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::uint64_t>(n);
  }
  close(fd);
  return hex(digest.finish());
}

/// The text of the first <name> in an answer.
std::string tag_text(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t from = begin + open.size();
  const std::size_t end = xml.find('<', from);
  return std::string(xml.substr(from, end == std::string_view::npos ? 0 : end - from));
}

std::string shown(const S3Name& name) {
  return fmt::format("s3://{}/{}", name.bucket, name.key);
}

}  // namespace

S3Uploads::~S3Uploads() {
  abort_all();
}

Result<Response> S3Uploads::send(Request request, std::string_view body_sha256,
                                 const std::string& what) {
  Tries tries(tries_, what);
  while (true) {
    sign_s3(request, place_, body_sha256, clock_now());
    Result<Response> response = exchange(request, tries_.client, nullptr);
    // A 200 may hold an error: it was begun before the server knew.
    const bool late = response.has_value() && response->is_ok() &&
                      response->body.find("<Error>") != std::string::npos;
    if (response.has_value() && response->is_ok() && !late) return response;
    Error error;
    Millis after = -1;
    if (!response.has_value()) {
      error = {response.error().code, what + ": " + response.error().message};
    } else {
      after = retry_after(*response, clock_now());
      error = status_error(*response, what);
      if (late) error.code = ErrorCode::kUnavailable;
    }
    TRY(tries.next(std::move(error), after));
  }
}

Result<> S3Uploads::stage(std::vector<S3Upload> uploads) {
  staged_.clear();
  committed_ = 0;
  staged_.reserve(uploads.size());
  for (S3Upload& upload : uploads) {
    Staged staged;
    TRY_ASSIGN(staged.url, s3_url(place_, upload.name));
    TRY_ASSIGN(staged.bytes, size_of(upload.path));
    if (staged.bytes > kObjectMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: {} bytes are more than S3 takes (5 TiB)", shown(upload.name),
                              staged.bytes));
    }
    staged.upload = std::move(upload);
    staged_.push_back(std::move(staged));
  }
  for (Staged& staged : staged_) {
    if (staged_.size() == 1 && staged.bytes <= kOnePutMax) continue;
    TRY(stage_parts(staged));
  }
  return {};
}

Result<> S3Uploads::stage_parts(Staged& staged) {
  const std::string what = shown(staged.upload.name);
  Request begin;
  begin.method = "POST";
  begin.url = staged.url;
  begin.url.target += "?uploads=";
  begin.headers = {{"Content-Type", staged.upload.content_type}};
  TRY_ASSIGN(const Response begun, send(std::move(begin), kEmptySha256, what));
  staged.id = tag_text(begun.body, "UploadId");
  if (staged.id.empty()) {
    return fail(ErrorCode::kUnavailable, what + ": the server gave no id for the upload");
  }
  const std::uint64_t part_bytes = std::max(kPartBytes, (staged.bytes + kPartsMax - 1) / kPartsMax);
  std::uint64_t offset = 0;
  do {  // an empty file has one part, an empty one
    Request part;
    part.method = "PUT";
    part.url = staged.url;
    part.url.target += fmt::format("?partNumber={}&uploadId={}", staged.etags.size() + 1,
                                   percent_encode(staged.id));
    part.body_file = staged.upload.path;
    part.body_offset = offset;
    part.body_bytes = std::min(part_bytes, staged.bytes - offset);
    TRY_ASSIGN(const std::string digest, digest_of(part.body_file, offset, part.body_bytes));
    offset += part.body_bytes;
    TRY_ASSIGN(const Response response, send(std::move(part), digest, what));
    staged.etags.push_back(response.header("ETag"));
  } while (offset < staged.bytes);
  return {};
}

Result<> S3Uploads::commit_one(Staged& staged) {
  const std::string what = shown(staged.upload.name);
  Request request;
  request.url = staged.url;
  if (staged.id.empty()) {
    request.method = "PUT";
    request.headers = {{"Content-Type", staged.upload.content_type}};
    request.body_file = staged.upload.path;
    request.body_bytes = staged.bytes;
    TRY_ASSIGN(const std::string digest, digest_of(staged.upload.path, 0, staged.bytes));
    TRY(send(std::move(request), digest, what));
    return {};
  }
  request.method = "POST";
  request.url.target += "?uploadId=" + percent_encode(staged.id);
  request.headers = {{"Content-Type", "application/xml"}};
  request.body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < staged.etags.size(); ++i) {
    request.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                                staged.etags[i]);
  }
  request.body += "</CompleteMultipartUpload>";
  const std::string digest = hex(sha256(request.body));
  TRY(send(std::move(request), digest, what));
  staged.id.clear();
  return {};
}

Result<> S3Uploads::commit() {
  for (Staged& staged : staged_) {
    TRY(commit_one(staged));
    ++committed_;
  }
  return {};
}

void S3Uploads::abort_all() {
  for (Staged& staged : staged_) {
    if (staged.id.empty()) continue;
    Request request;
    request.method = "DELETE";
    request.url = staged.url;
    request.url.target += "?uploadId=" + percent_encode(staged.id);
    // One attempt: what was asked to end does not wait for a server that is away.
    sign_s3(request, place_, kEmptySha256, clock_now());
    ClientOptions client = tries_.client;
    client.waits.cancel_fd = -1;
    client.waits.idle = std::min<Millis>(client.waits.idle, 5000);
    const Result<Response> ignored = exchange(request, client, nullptr);
    static_cast<void>(ignored);
    staged.id.clear();
  }
}

}  // namespace cordyna::http
