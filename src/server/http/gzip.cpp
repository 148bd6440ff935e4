#include "server/http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "base/words.hpp"

namespace cordyna::server {
namespace {

constexpr int kLevel = 1;  // the thread that serves everybody may be the one that does this
constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr int kGzipFormat = 16 + MAX_WBITS;

void give(z_stream& stream, std::string_view text, std::string& out) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// In thousandths. A weight that is none counts as 0: better too large than not readable.
int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string parameter = ascii_lower(trimmed(parameters.substr(0, end)));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (!parameter.starts_with("q=")) continue;
    const std::string number = parameter.substr(2);
    const bool digits =
        std::ranges::all_of(number, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    if (!digits || number.empty() || number.size() > 5) return 0;
    if (number.size() > 1 && number[1] != '.') return 0;
    if (number[0] == '1') return 1000;
    if (number[0] != '0') return 0;
    std::string decimals = number.size() > 2 ? number.substr(2) : std::string();
    decimals.resize(3, '0');
    return decimals.find('.') == std::string::npos ? std::stoi(decimals) : 0;
  }
  return 1000;
}

}  // namespace

bool accepts_gzip(const http::Headers& request) {
  std::optional<int> gzip;
  std::optional<int> rest;
  int identity = 0;
  for (const http::Header& header : request) {
    if (header.name.size() != 15 || ascii_lower(header.name) != "accept-encoding") continue;
    std::string_view list = header.value;
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(','), list.size());
      const std::string_view item = list.substr(0, end);
      list.remove_prefix(std::min(end + 1, list.size()));
      const std::size_t name_end = std::min(item.find(';'), item.size());
      const std::string name = ascii_lower(trimmed(item.substr(0, name_end)));
      const int weight = weight_of(item.substr(std::min(name_end + 1, item.size())));
      if (name == "gzip" || name == "x-gzip") gzip = std::max(weight, gzip.value_or(0));
      if (name == "*") rest = weight;
      if (name == "identity") identity = weight;
    }
  }
  const int weight = gzip.value_or(rest.value_or(0));
  return weight > 0 && weight >= identity;
}

bool is_compressible(std::string_view content_type) {
  const std::string type = ascii_lower(trimmed(content_type.substr(0, content_type.find(';'))));
  return type.starts_with("text/") || type == "application/json" ||
         type == "application/problem+json";
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (text.size() > kBytesMax ||
      deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipFormat, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  // No room for what would be larger than the text: then it fails, as it should.
  std::string out(text.size(), '\0');
  give(stream, text, out);
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(whole ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

std::string gunzip(std::string_view packed, std::size_t text_bytes) {
  z_stream stream{};
  if (packed.size() > kBytesMax || text_bytes > kBytesMax ||
      inflateInit2(&stream, kGzipFormat) != Z_OK) {
    return {};
  }
  std::string out(text_bytes, '\0');
  give(stream, packed, out);
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole ? out : std::string();
}

}  // namespace cordyna::server
