#include "process/data/remote_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/base64.hpp"
#include "http/digest.hpp"
#include "http/download.hpp"
#include "process/data/files.hpp"
#include "process/data/remote_store.hpp"

namespace cordyna::data {
namespace {

std::string first_of(std::initializer_list<const char*> variables) {
  for (const char* name : variables) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

http::Headers headers_of(const RemoteParams& remote, const RemoteSecrets& secrets) {
  http::Headers headers;
  for (const auto& [name, value] : remote.headers) headers.push_back({name, value});
  for (const auto& [name, value] : secrets.headers) http::set_header(headers, name, value);
  if (!remote.user.empty()) {
    http::set_header(headers, "Authorization",
                     "Basic " + base64(remote.user + ":" + secrets.password));
  }
  return headers;
}

http::DownloadSpec spec_of(const StepRun& run, const LoadParams& load,
                           const RemoteSecrets& secrets) {
  http::DownloadSpec spec;
  spec.tries = try_options(run, load.remote);
  spec.tries.say = [&run, &secrets](std::string_view line) {
    run.say(secrets.hide(std::string(line)));
  };
  spec.path = run.step.paths.work + "/in/source";
  spec.bytes_max = load.remote.transfer.bytes_max;
  spec.sha256 = load.sha256;
  return spec;
}

/// From a web server, or one object of a store.
Result<http::Downloaded> fetch_one(const LoadParams& load, const RemoteSecrets& secrets,
                                   http::DownloadSpec& spec) {
  if (is_http(load.from)) {
    TRY_ASSIGN(spec.url, http::parse_url(secrets.from.empty() ? load.from : secrets.from));
    spec.headers = headers_of(load.remote, secrets);
    return http::download(spec);
  }
  TRY_ASSIGN(SourceStore store, SourceStore::open(load, secrets, spec.tries));
  TRY(store.address(spec, store.whole()));
  return http::download(spec);
}

}  // namespace

http::TryOptions try_options(const StepRun& run, const RemoteParams& remote) {
  http::TryOptions tries;
  tries.attempts = remote.transfer.attempts;
  tries.delay = remote.transfer.delay_ms;
  tries.client.waits = {remote.transfer.connect_ms, remote.transfer.idle_ms,
                        run.signals.descriptor()};
  return tries;
}

http::S3Place s3_place(const RemoteParams& remote, const RemoteSecrets& secrets) {
  http::S3Place place;
  place.endpoint = remote.s3.endpoint.empty()
                       ? first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"})
                       : remote.s3.endpoint;
  place.region =
      remote.s3.region.empty() ? first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}) : remote.s3.region;
  if (place.region.empty()) place.region = "us-east-1";
  place.path_style = remote.s3.path_style;
  if (!remote.s3.anonymous) {
    place.credentials = {secrets.s3_access, secrets.s3_secret, secrets.s3_session};
  }
  return place;
}

std::unexpected<TaskError> remote_error(const Error& error, TaskErrorCode unavailable,
                                        const RemoteSecrets& secrets) {
  TaskErrorCode code = TaskErrorCode::kInternal;
  switch (error.code) {
    case ErrorCode::kUnavailable: code = unavailable; break;
    case ErrorCode::kNoSpace: code = TaskErrorCode::kNoSpace; break;
    case ErrorCode::kNotFound: code = TaskErrorCode::kRemoteNotFound; break;
    case ErrorCode::kDenied: code = TaskErrorCode::kAccessDenied; break;
    case ErrorCode::kInvalidArgument: code = TaskErrorCode::kRemoteRefused; break;
    case ErrorCode::kUntrusted: code = TaskErrorCode::kRemoteUntrusted; break;
    case ErrorCode::kCancelled:
      return step_fail(TaskErrorCode::kSignalled, "the step was asked to end");
    case ErrorCode::kConflict:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      if (is_no_space(error)) code = TaskErrorCode::kNoSpace;
      break;
  }
  return step_fail(code, secrets.hide(error.message));
}

StepResult<Fetched> fetch(StepRun& run, const LoadParams& load) {
  const RemoteSecrets secrets = remote_secrets();
  const auto failed = [&secrets](const Error& error) {
    return remote_error(error, TaskErrorCode::kSourceUnavailable, secrets);
  };
  http::DownloadSpec spec = spec_of(run, load, secrets);
  const Result<http::Downloaded> done = fetch_one(load, secrets, spec);
  if (!done.has_value()) return failed(done.error());
  run.report.source = {secrets.hide(http::shown_address(load.from)),
                       done->status,
                       done->bytes,
                       done->etag,
                       done->modified,
                       done->sha256,
                       done->tries,
                       done->resumed};
  const std::string& asked = run.report.source->url;
  const bool moved = is_http(load.from) && done->url != asked;
  run.say(fmt::format("{} bytes from {}{}{}", grouped(static_cast<std::int64_t>(done->bytes)),
                      asked, moved ? ", redirected to " + secrets.hide(done->url) : "",
                      done->tries > 1 ? fmt::format(", at attempt {}", done->tries) : ""));
  return Fetched{spec.path, done->encoding, done->whole};
}

StepResult<> check_sha256(const std::string& path, const std::string& shown,
                          const std::string& wanted) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  http::Digest digest(http::DigestKind::kSha256);
  std::vector<char> piece(std::size_t{1} << 20);
  ssize_t n = fd < 0 ? -1 : 1;
  while (n > 0 || (n < 0 && fd >= 0 && errno == EINTR)) {
    n = read(fd, piece.data(), piece.size());
    if (n > 0) digest.add({piece.data(), static_cast<std::size_t>(n)});
  }
  if (fd >= 0) close(fd);
  if (n < 0) {
    return step_fail(TaskErrorCode::kSourceUnavailable, fmt::format("cannot read {}", shown));
  }
  const std::string found = http::hex(digest.finish());
  if (found == wanted) return {};
  return step_fail(TaskErrorCode::kRemoteUntrusted,
                   fmt::format("{}: its SHA-256 is {}, not {}", shown, found, wanted));
}

}  // namespace cordyna::data
