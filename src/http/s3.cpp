#include "http/s3.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/words.hpp"
#include "http/digest.hpp"

namespace cordyna::http {
namespace {

/// "20130524T000000Z"
std::string amz_date(Millis now) {
  std::string text = format_timestamp(now);  // 2013-05-24T00:00:00.000Z
  text.resize(19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

/// The query in the order that a signature wants. Ours is encoded already.
std::string canonical_query(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {};
  std::vector<std::string> parts;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    std::string part(rest.substr(0, end));
    if (part.find('=') == std::string::npos) part += '=';
    parts.push_back(std::move(part));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::ranges::sort(parts);
  std::string out;
  for (const std::string& part : parts) (out += out.empty() ? "" : "&") += part;
  return out;
}

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

Result<S3Name> parse_s3(std::string_view address) {
  constexpr std::string_view kScheme = "s3://";
  const auto bad = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}; s3://BUCKET/KEY is wanted", address, what));
  };
  if (!address.starts_with(kScheme)) return bad("it is no address of S3");
  const std::string_view rest = address.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  S3Name name;
  name.bucket = rest.substr(0, slash);
  if (slash != std::string_view::npos) name.key = rest.substr(slash + 1);
  if (name.bucket.empty()) return bad("it names no bucket");
  if (name.key.empty()) return bad("it names no key");
  constexpr std::string_view kAlso = ".-_";
  const bool odd = std::ranges::any_of(name.bucket, [&](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
           kAlso.find(c) == std::string_view::npos;
  });
  if (odd) return bad(fmt::format("'{}' is no name of a bucket", name.bucket));
  if (name.key.size() > 1024) return bad("a key has at most 1024 bytes");
  for (std::string_view parts = name.key; !parts.empty();) {
    const std::string_view part = parts.substr(0, parts.find('/'));
    if (part == "." || part == "..") return bad("a part of a key is not '.' or '..'");
    parts.remove_prefix(std::min(part.size() + 1, parts.size()));
  }
  return name;
}

Result<Url> s3_url(const S3Place& place, const S3Name& name) {
  std::string endpoint = place.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  bool in_path = !endpoint.empty();
  if (endpoint.empty()) {
    const std::string_view domain =
        place.region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    endpoint = fmt::format("https://s3.{}.{}", place.region, domain);
    in_path = name.bucket.find_first_of("._") != std::string::npos;
  }
  in_path = place.path_style.value_or(in_path);
  const std::string key = percent_encode(name.key, "/");
  const std::size_t host = endpoint.find("://");
  if (in_path || host == std::string::npos) {
    return parse_url(fmt::format("{}/{}/{}", endpoint, name.bucket, key));
  }
  endpoint.insert(host + 3, name.bucket + ".");
  return parse_url(fmt::format("{}/{}", endpoint, key));
}

void sign_s3(Request& request, const S3Place& place, std::string_view body_sha256, Millis now) {
  const S3Credentials& credentials = place.credentials;
  if (credentials.access_key.empty()) return;
  const std::string date = amz_date(now);
  std::erase_if(request.headers,
                [](const Header& header) { return ascii_lower(header.name) == "authorization"; });
  set_header(request.headers, "x-amz-date", date);
  set_header(request.headers, "x-amz-content-sha256", std::string(body_sha256));
  if (!credentials.session_token.empty()) {
    set_header(request.headers, "x-amz-security-token", credentials.session_token);
  }
  std::map<std::string, std::string> headers{{"host", request.url.authority()}};
  for (const Header& header : request.headers) {
    headers[ascii_lower(header.name)] = trimmed(header.value);
  }
  std::string canonical;
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical += fmt::format("{}:{}\n", name, value);
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string& target = request.url.target;
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, target.substr(0, target.find('?')),
                  canonical_query(target), canonical, names, body_sha256);
  const std::string day = date.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", day, place.region);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, hex(sha256(text)));
  std::string key = "AWS4" + credentials.secret_key;
  for (const std::string_view part : {std::string_view(day), std::string_view(place.region),
                                      std::string_view("s3"), std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  set_header(request.headers, "Authorization",
             fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                         credentials.access_key, scope, names, hex(hmac_sha256(key, to_sign))));
}

}  // namespace cordyna::http
