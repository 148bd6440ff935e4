#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "http/s3.hpp"

namespace cordyna::http {
namespace {

constexpr std::size_t kLookedThroughPerObject = 100;
constexpr std::size_t kListBytesMax = std::size_t{16} << 20;  // of a thousand keys

/// The text of the first <name> within `xml`, as it stands there.
std::string_view list_tag(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::string close = fmt::format("</{}>", name);
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t from = begin + open.size();
  const std::size_t end = xml.find(close, from);
  return end == std::string_view::npos ? std::string_view() : xml.substr(from, end - from);
}

std::string from_xml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    bool found = false;
    for (const auto& [entity, character] : {std::pair<std::string_view, char>{"&quot;", '"'},
                                            {"&#34;", '"'},
                                            {"&amp;", '&'},
                                            {"&lt;", '<'},
                                            {"&gt;", '>'}}) {
      if (!text.starts_with(entity)) continue;
      out += character;
      text.remove_prefix(entity.size());
      found = true;
      break;
    }
    if (found) continue;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

/// Keys come as in an address (encoding-type=url): XML cannot hold every character of a key.
std::string from_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const bool coded = text[i] == '%' && i + 2 < text.size();
    if (coded) {
      const char* first = text.data() + i + 1;
      const auto [end, error] = std::from_chars(first, first + 2, byte, 16);
      if (error == std::errc() && end == first + 2) {
        out += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

Result<S3Object> object_of(std::string_view entry, bool encoded) {
  S3Object object;
  object.key = from_xml(list_tag(entry, "Key"));
  if (encoded) object.key = from_percent(object.key);
  object.etag = from_xml(list_tag(entry, "ETag"));
  const std::string_view size = list_tag(entry, "Size");
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.bytes);
  if (object.key.empty() || error != std::errc() || end != size.data() + size.size()) {
    return fail(ErrorCode::kUnavailable, "the server's list of objects cannot be read");
  }
  return object;
}

Result<Response> ask(const S3Place& place, const Request& request, const TryOptions& options,
                     const std::string& what) {
  Tries tries(options, what);
  ClientOptions client = options.client;
  client.answer_bytes_max = kListBytesMax;
  while (true) {
    const Millis now = std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
    Request signed_one = request;
    sign_s3(signed_one, place, kEmptySha256, now);
    Result<Response> response = exchange(signed_one, client, nullptr);
    if (response.has_value() && response->is_ok()) return response;
    Error error = response.has_value()
                      ? status_error(*response, what)
                      : Error{response.error().code, what + ": " + response.error().message};
    const Millis after = response.has_value() ? retry_after(*response, now) : -1;
    TRY(tries.next(std::move(error), after));
  }
}

}  // namespace

Result<std::vector<S3Object>> list_s3(const S3Place& place, const S3Name& name,
                                      std::size_t objects_max, const TryOptions& tries,
                                      const std::function<bool(std::string_view key)>& wants) {
  const std::string what = fmt::format("s3://{}/{}", name.bucket, name.key);
  std::vector<S3Object> objects;
  std::size_t seen = 0;
  std::string token;
  do {
    Request request;
    TRY_ASSIGN(request.url, s3_url(place, {name.bucket, ""}));
    request.url.target += "?encoding-type=url&list-type=2&prefix=" + percent_encode(name.key);
    if (!token.empty()) request.url.target += "&continuation-token=" + percent_encode(token);
    TRY_ASSIGN(const Response answer, ask(place, request, tries, what));
    std::string_view rest = answer.body;
    if (rest.find("</ListBucketResult>") == std::string_view::npos) {
      return fail(ErrorCode::kUnavailable, what + ": the server's list of objects was cut short");
    }
    const bool encoded = list_tag(rest, "EncodingType") == "url";
    token = list_tag(rest, "IsTruncated") == "true"
                ? from_xml(list_tag(rest, "NextContinuationToken"))
                : std::string();
    while (true) {
      const std::string_view entry = list_tag(rest, "Contents");
      if (entry.empty()) break;
      rest.remove_prefix(static_cast<std::size_t>(entry.data() + entry.size() - rest.data()));
      TRY_ASSIGN(S3Object object, object_of(entry, encoded));
      ++seen;
      if (!object.key.starts_with(name.key)) continue;  // who knows what it speaks of
      if (wants(object.key)) objects.push_back(std::move(object));
    }
    if (objects.size() > objects_max || seen > objects_max * kLookedThroughPerObject) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format(
              "{}: more than {} objects; name a longer beginning", what,
              objects.size() > objects_max ? objects_max : objects_max * kLookedThroughPerObject));
    }
  } while (!token.empty());
  return objects;
}

}  // namespace cordyna::http
