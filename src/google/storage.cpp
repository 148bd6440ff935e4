#include "google/storage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/base64.hpp"
#include "http/digest.hpp"

namespace cordyna::google {
namespace {

namespace json = boost::json;

constexpr std::string_view kStorageHost = "https://storage.googleapis.com";
constexpr std::size_t kLookedAtPerObject = 100;

std::string base_of(std::string_view endpoint) {
  std::string base(endpoint.empty() ? kStorageHost : endpoint);
  while (base.ends_with('/')) base.pop_back();
  return base;
}

/// The server compares what came with it.
Result<std::string> md5_of(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<char> piece(std::size_t{1} << 20);
  http::Digest digest(http::DigestKind::kMd5);
  ssize_t n = fd < 0 ? -1 : 1;
  while (n > 0 || (n < 0 && fd >= 0 && errno == EINTR)) {
    n = read(fd, piece.data(), piece.size());
    if (n > 0) digest.add({piece.data(), static_cast<std::size_t>(n)});
  }
  const int problem = errno;
  if (fd >= 0) close(fd);
  if (n < 0) {
    return fail(ErrorCode::kInternal,
                fmt::format("cannot read {}: {}", path, std::strerror(problem)));
  }
  return base64(digest.finish());
}

Result<StorageObject> object_of(const json::value& item) {
  StorageObject object;
  const auto text = [&item](const char* name) {
    const json::value* field = item.is_object() ? item.get_object().if_contains(name) : nullptr;
    return field != nullptr && field->is_string() ? std::string(field->get_string())
                                                  : std::string();
  };
  object.name = text("name");
  object.generation = text("generation");
  const std::string size = text("size");
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.bytes);
  if (!object.name.empty() && error == std::errc() && end == size.data() + size.size()) {
    return object;
  }
  return fail(ErrorCode::kUnavailable, "the server's list of objects cannot be read");
}

}  // namespace

Result<ObjectName> parse_gs(std::string_view address) {
  constexpr std::string_view kScheme = "gs://";
  const auto bad = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}; gs://BUCKET/NAME is wanted", address, what));
  };
  if (!address.starts_with(kScheme)) return bad("it is no address of Google Cloud Storage");
  const std::string_view rest = address.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  ObjectName name;
  name.bucket = rest.substr(0, slash);
  if (slash != std::string_view::npos) name.name = rest.substr(slash + 1);
  if (name.bucket.empty()) return bad("it names no bucket");
  if (name.name.empty()) return bad("it names no object");
  constexpr std::string_view kBucketCharacters = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
  if (name.bucket.find_first_not_of(kBucketCharacters) != std::string::npos ||
      name.bucket.starts_with('.')) {
    return bad(fmt::format("'{}' is no name of a bucket", name.bucket));
  }
  if (name.name.size() > 1024) return bad("a name has at most 1024 bytes");
  if (name.name.find_first_of("\r\n") != std::string::npos) {
    return bad("no object has such a name");
  }
  // What some emulators and gateways take for folders.
  for (std::string_view parts = name.name; !parts.empty();) {
    const std::string_view part = parts.substr(0, parts.find('/'));
    if (part == "." || part == "..") return bad("a part of a name is not '.' or '..'");
    parts.remove_prefix(std::min(part.size() + 1, parts.size()));
  }
  return name;
}

Result<http::Url> media_url(std::string_view endpoint, const ObjectName& name,
                            std::string_view generation) {
  std::string text = fmt::format("{}/storage/v1/b/{}/o/{}?alt=media", base_of(endpoint),
                                 name.bucket, http::percent_encode(name.name));
  if (!generation.empty()) text += "&generation=" + http::percent_encode(generation);
  return http::parse_url(text);
}

Result<std::vector<StorageObject>> list_objects(
    Caller& caller, std::string_view endpoint, const ObjectName& name, std::size_t objects_max,
    const std::function<bool(std::string_view name)>& wants) {
  const std::string what = fmt::format("gs://{}/{}", name.bucket, name.name);
  std::vector<StorageObject> objects;
  std::size_t seen = 0;
  std::string token;
  do {
    http::Request request;
    TRY_ASSIGN(request.url, http::parse_url(fmt::format(
                                "{}/storage/v1/b/{}/o?maxResults=1000&prefix={}{}{}",
                                base_of(endpoint), name.bucket, http::percent_encode(name.name),
                                token.empty() ? "" : "&pageToken=", http::percent_encode(token))));
    TRY_ASSIGN(const http::Response answer, caller.call(request, what));
    boost::system::error_code failed;
    const json::value value = json::parse(answer.body, failed);
    if (failed.failed() || !value.is_object()) {
      return fail(ErrorCode::kUnavailable, what + ": the server's list cannot be read");
    }
    const json::value* next = value.get_object().if_contains("nextPageToken");
    token = next != nullptr && next->is_string() ? std::string(next->get_string()) : std::string();
    const json::value* items = value.get_object().if_contains("items");
    if (items == nullptr || !items->is_array()) continue;
    for (const json::value& item : items->get_array()) {
      TRY_ASSIGN(StorageObject object, object_of(item));
      ++seen;
      if (!object.name.starts_with(name.name)) continue;  // who knows what it speaks of
      if (wants(object.name)) objects.push_back(std::move(object));
    }
    if (objects.size() > objects_max || seen > objects_max * kLookedAtPerObject) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: more than {} objects; name a longer beginning", what,
                              objects.size() > objects_max ? objects_max
                                                           : objects_max * kLookedAtPerObject));
    }
  } while (!token.empty());
  return objects;
}

StorageUploads::~StorageUploads() {
  for (Resumable& staged : staged_) staged.abandon();
}

Result<> StorageUploads::stage(const std::vector<StorageUpload>& uploads) {
  staged_.clear();
  committed_ = 0;
  staged_.reserve(uploads.size());
  for (const StorageUpload& upload : uploads) {
    const std::string what = fmt::format("gs://{}/{}", upload.name.bucket, upload.name.name);
    TRY_ASSIGN(const std::string md5, md5_of(upload.path));
    http::Request start;
    start.method = "POST";
    TRY_ASSIGN(start.url,
               http::parse_url(fmt::format(
                   "{}/upload/storage/v1/b/{}/o?name={}&uploadType=resumable", base_of(endpoint_),
                   upload.name.bucket, http::percent_encode(upload.name.name))));
    start.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    start.body = json::serialize(json::object{
        {"name", upload.name.name}, {"contentType", upload.content_type}, {"md5Hash", md5}});
    staged_.emplace_back(caller_, what, upload.path, upload.content_type);
    TRY(staged_.back().stage(std::move(start)));
  }
  return {};
}

Result<> StorageUploads::commit() {
  for (Resumable& staged : staged_) {
    TRY_ASSIGN(const http::Response done, staged.finish());
    boost::system::error_code failed;
    const json::value value = json::parse(done.body, failed);
    const json::value* size =
        !failed.failed() && value.is_object() ? value.get_object().if_contains("size") : nullptr;
    if (size != nullptr && size->is_string() &&
        size->get_string() != std::to_string(staged.bytes())) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{}: the server has {} bytes of {}", staged.what(),
                              std::string_view(size->get_string()), staged.bytes()));
    }
    ++committed_;
  }
  return {};
}

}  // namespace cordyna::google
