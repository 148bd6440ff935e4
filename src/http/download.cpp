#include "http/download.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <vector>

#include "base/base64.hpp"
#include "base/words.hpp"
#include "http/digest.hpp"
#include "http/redirect.hpp"

namespace cordyna::http {
namespace {

Millis clock_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool is_strong(std::string_view etag) {
  return etag.size() > 2 && etag.front() == '"' && etag.back() == '"';
}

/// "bytes 100-299/300" → the first byte, and the length of the whole.
struct Range {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> total;
};

std::optional<Range> parse_range(const std::string& text) {
  Range range;
  unsigned long long first = 0;
  unsigned long long last = 0;
  unsigned long long total = 0;
  const int n = std::sscanf(text.c_str(), "bytes %llu-%llu/%llu", &first, &last, &total);
  if (n < 2 || last < first) return std::nullopt;
  range.first = first;
  if (n == 3) range.total = total;
  return range;
}

/// A digest of the whole file that the server told.
struct Promise {
  DigestKind kind;
  std::string base64;
  std::string header;
};

/// "sha-256=…" of Digest, "sha-256=:…:" of Repr-Digest; several stand behind commas.
void take_digests(const std::string& text, std::string_view header, std::vector<Promise>& into) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view entry = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name = ascii_lower(entry.substr(0, equals));
    std::string_view value = entry.substr(equals + 1);
    if (value.starts_with(':')) value.remove_prefix(1);
    if (value.ends_with(':')) value.remove_suffix(1);
    for (const auto& [known, kind] :
         {std::pair<std::string_view, DigestKind>{"sha-256", DigestKind::kSha256},
          {"sha-512", DigestKind::kSha512},
          {"md5", DigestKind::kMd5}}) {
      if (name == known) into.push_back({kind, std::string(value), std::string(header)});
    }
  }
}

std::vector<Promise> promises_of(const Response& head) {
  std::vector<Promise> promises;
  if (const std::string md5 = head.header("Content-MD5"); !md5.empty()) {
    promises.push_back({DigestKind::kMd5, md5, "Content-MD5"});
  }
  // Google sends one header for each digest.
  for (const char* name : {"Digest", "Repr-Digest", "Content-Digest", "x-goog-hash"}) {
    for (const Header& header : head.headers) {
      if (ascii_lower(header.name) == ascii_lower(name)) take_digests(header.value, name, promises);
    }
  }
  // With "-3" at its end it is a digest of the parts' digests.
  const std::string amazon = head.header("x-amz-checksum-sha256");
  if (!amazon.empty() && amazon.find('-') == std::string::npos) {
    promises.push_back({DigestKind::kSha256, amazon, "x-amz-checksum-sha256"});
  }
  return promises;
}

/// The file that grows, over several attempts if need be.
class Growing final : public BodyTaker {
 public:
  explicit Growing(const DownloadSpec& spec) : spec_(spec) {}
  ~Growing() override {
    if (fd_ < 0) return;
    close(fd_);
    if (!kept_) unlink(spec_.path.c_str());
  }

  Result<> open_file() {
    fd_ = open(spec_.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd_ >= 0 ? Result<>() : write_error();
  }

  /// Adds what asks for the rest, where there is one and the server said that it gives parts.
  void ask_for_rest(Request& request) const {
    if (!can_resume()) return;
    set_header(request.headers, "Range", fmt::format("bytes={}-", bytes_));
    set_header(request.headers, "If-Range", etag_);
  }
  [[nodiscard]] bool can_resume() const { return bytes_ > 0 && is_strong(etag_); }

  Result<> begin(const Response& head) override {
    if (head.status == 206) return go_on(head);
    if (head.status != 200) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("the server answered {} {}, which brings no file", head.status, head.reason));
    }
    TRY(restart());
    etag_ = head.header("ETag");
    if (head.header("Accept-Ranges") == "none") etag_.clear();
    promises_ = promises_of(head);
    for (const Promise& promise : promises_) digests_.emplace_back(promise.kind);
    total_ = head.length;
    if (spec_.bytes_max > 0 && head.length.value_or(0) > spec_.bytes_max) return too_large();
    return {};
  }

  Result<> take(std::string_view piece) override {
    if (spec_.bytes_max > 0 && bytes_ + piece.size() > spec_.bytes_max) return too_large();
    sha256_.add(piece);
    for (Digest& digest : digests_) digest.add(piece);
    bytes_ += piece.size();
    while (!piece.empty()) {
      const ssize_t n = write(fd_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return write_error();
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  /// Everything came: whether it is what was promised.
  Result<> check() {
    if (total_.has_value() && *total_ != bytes_) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{} bytes came, {} were announced", bytes_, *total_));
    }
    for (std::size_t i = 0; i < promises_.size(); ++i) {
      const std::string found = base64(digests_[i].finish());
      if (found.empty() || found == promises_[i].base64) continue;
      return fail(ErrorCode::kUnavailable,
                  fmt::format("what came is damaged: {} promised {}, it is {}", promises_[i].header,
                              promises_[i].base64, found));
    }
    digest_ = hex(sha256_.finish());
    if (spec_.sha256.empty() || spec_.sha256 == digest_) return {};
    return fail(ErrorCode::kUntrusted,
                fmt::format("its SHA-256 is {}, not {}", digest_, spec_.sha256));
  }

  /// The next attempt begins at the first byte.
  Result<> restart() {
    if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) != 0) return write_error();
    bytes_ = 0;
    etag_.clear();
    total_.reset();
    promises_.clear();
    digests_.clear();
    sha256_ = Digest(DigestKind::kSha256);
    return {};
  }

  Result<> keep() {
    const int result = close(std::exchange(fd_, -1));
    kept_ = true;
    return result == 0 ? Result<>() : write_error();
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const std::string& digest() const { return digest_; }
  [[nodiscard]] int resumed() const { return resumed_; }
  [[nodiscard]] bool is_promised() const { return !promises_.empty() || total_.has_value(); }

 private:
  Result<> go_on(const Response& head) {
    const std::optional<Range> range = parse_range(head.header("Content-Range"));
    const std::string etag = head.header("ETag");
    const bool same = can_resume() && range.has_value() && range->first == bytes_ &&
                      (etag.empty() || etag == etag_) &&
                      (!range->total.has_value() || !total_.has_value() || range->total == total_);
    if (same) {
      ++resumed_;
      return {};
    }
    TRY(restart());
    return fail(ErrorCode::kUnavailable,
                "the file changed on the server while it was fetched: beginning again");
  }

  [[nodiscard]] std::unexpected<Error> too_large() const {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("it is larger than {} bytes, the limit", spec_.bytes_max));
  }
  [[nodiscard]] std::unexpected<Error> write_error() const {
    return fail(ErrorCode::kInternal,
                fmt::format("cannot write {}: {}", spec_.path, std::strerror(errno)));
  }

  const DownloadSpec& spec_;
  int fd_ = -1;
  bool kept_ = false;
  std::uint64_t bytes_ = 0;
  std::string etag_;  ///< of what is in the file; empty: nothing can go on from it
  std::optional<std::uint64_t> total_;
  std::vector<Promise> promises_;
  std::vector<Digest> digests_;  ///< one for each promise
  Digest sha256_{DigestKind::kSha256};
  std::string digest_;
  int resumed_ = 0;
};

class Download {
 public:
  explicit Download(const DownloadSpec& spec)
      : spec_(spec), file_(spec), tries_(spec.tries, spec.url.shown()) {}

  Result<Downloaded> run() {
    TRY(file_.open_file());
    while (true) {
      retry_after_ = -1;
      named_ = false;
      last_ = spec_.url;
      Result<Response> response = attempt();
      Result<> done = response.has_value() ? Result<>() : std::unexpected<Error>(response.error());
      if (done.has_value() && response->is_ok()) done = finish();
      if (done.has_value()) return result_of(*response);
      Error error = std::move(done.error());
      if (!named_) error.message = fmt::format("{}: {}", last_.shown(), error.message);
      TRY(tries_.next(std::move(error), retry_after_));
    }
  }

 private:
  /// The answer that is no redirect.
  Result<Response> attempt() {
    Request request;
    request.url = spec_.url;
    request.headers = spec_.headers;
    file_.ask_for_rest(request);
    ClientOptions client = spec_.tries.client;
    for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
      if (spec_.prepare) spec_.prepare(request);
      TRY_ASSIGN(Response response, exchange(request, client, &file_));
      if (response.is_ok()) return response;
      if (!spec_.follows) return refused(response);
      TRY_ASSIGN(std::optional<Url> url, redirect_of(request, response));
      if (!url.has_value()) return refused(response);
      follow(request, *std::move(url), spec_.url, response, client.reach);
      last_ = request.url;
    }
    return std::unexpected<Error>(too_many_redirects(last_));
  }

  std::unexpected<Error> refused(const Response& response) {
    if (response.status == 416) {  // what we have cannot be gone on with
      TRY(file_.restart());
      return fail(ErrorCode::kUnavailable, "the server has no such rest of the file");
    }
    retry_after_ = retry_after(response, clock_now());
    named_ = true;
    return std::unexpected<Error>(status_error(response, last_.shown()));
  }

  Result<> finish() {
    Result<> checked = file_.check();
    if (checked.has_value()) return file_.keep();
    if (checked.error().code == ErrorCode::kUnavailable) TRY(file_.restart());
    return checked;
  }

  [[nodiscard]] Downloaded result_of(const Response& response) const {
    Downloaded done;
    done.url = last_.shown();
    done.status = response.status;
    done.bytes = file_.bytes();
    done.etag = response.header("ETag");
    done.modified = response.header("Last-Modified");
    done.encoding = ascii_lower(response.header("Content-Encoding"));
    if (done.encoding == "identity") done.encoding.clear();
    done.sha256 = file_.digest();
    done.tries = tries_.count();
    done.resumed = file_.resumed();
    done.whole =
        response.delimited || file_.is_promised() || last_.is_tls() || !spec_.sha256.empty();
    return done;
  }

  const DownloadSpec& spec_;
  Growing file_;
  Tries tries_;
  Url last_;
  Millis retry_after_ = -1;
  bool named_ = false;  ///< the error's message begins with the address already
};

}  // namespace

Result<Downloaded> download(const DownloadSpec& spec) {
  return Download(spec).run();
}

}  // namespace cordyna::http
