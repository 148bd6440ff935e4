#include "process/local/masker.hpp"

#include <algorithm>
#include <array>

namespace cordyna::local {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kDerivedMin = 6;  // shorter forms would hit innocent text
constexpr std::size_t kLineMin = 8;
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
// Bytes in a line of `base64` and Python, of `openssl` and PEM, of `xxd -p`.
constexpr std::array<std::size_t, 2> kBase64Lines{57, 48};
constexpr std::size_t kHexLine = 30;
constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

/// The part of the base64 text of ANYTHING+secret+ANYTHING that depends on the secret alone, where
/// `before` (0, 1, 2) bytes of the group of three come before it.
std::string base64_core(std::string_view secret, std::size_t before, std::string_view alphabet) {
  const std::size_t bits = secret.size() * 8;
  const std::size_t lead = (6 - before * 8 % 6) % 6;  // bits up to the first whole character
  std::string out;
  for (std::size_t at = lead; at + 6 <= bits; at += 6) {
    unsigned value = 0;
    for (std::size_t bit = at; bit < at + 6; ++bit) {
      value = value << 1 | (byte_at(secret, bit / 8) >> (7 - bit % 8) & 1U);
    }
    out += alphabet[value];
  }
  return out;
}

/// What writers of URLs leave as it is, besides letters, digits and "-_.~".
struct UrlRule {
  std::string_view kept;
  bool plus;  ///< a space becomes +
};

constexpr std::array kUrlRules{
    UrlRule{"", false},       // as RFC 3986 wants it
    UrlRule{"/", false},      // Python: urllib.parse.quote
    UrlRule{"!'()*", false},  // JavaScript: encodeURIComponent
    UrlRule{"", true},        // forms
    UrlRule{"*", true},       // forms of browsers, Java
};

std::string url_encoded(std::string_view secret, std::string_view hex, const UrlRule& rule) {
  std::string out;
  for (const char c : secret) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' ||
                       rule.kept.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else if (rule.plus && c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += hex[u >> 4];
      out += hex[u & 15];
    }
  }
  return out;
}

void append_u16(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHexLower[unit >> shift & 15U];
}

/// The code point of a multi-byte character at `i`, which moves behind it; of bytes that are no
/// character, the byte.
unsigned code_point(std::string_view text, std::size_t& i) {
  const unsigned lead = byte_at(text, i++);
  const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  if (more == 0 || i + more > text.size()) return lead;
  unsigned value = lead & (0x3fU >> more);
  for (std::size_t k = 0; k < more; ++k) value = value << 6 | (byte_at(text, i++) & 0x3fU);
  return value;
}

/// As JSON writers do: `ascii` writes other characters as \u, `slash` writes "/" as "\/".
std::string json_escaped(std::string_view secret, bool ascii, bool slash) {
  std::string out;
  for (std::size_t i = 0; i < secret.size();) {
    const unsigned char u = byte_at(secret, i);
    if (u >= 0x80 && ascii) {
      const unsigned value = code_point(secret, i);
      if (value >= 0x10000) {
        append_u16(out, 0xd800 + (value - 0x10000) / 0x400);
        append_u16(out, 0xdc00 + (value - 0x10000) % 0x400);
      } else {
        append_u16(out, value);
      }
      continue;
    }
    ++i;
    const std::size_t known = std::string_view("\"\\\n\r\t\b\f").find(static_cast<char>(u));
    if (known != std::string_view::npos && u != 0) {
      out += '\\';
      out += std::string_view("\"\\nrtbf")[known];
    } else if (u < 0x20 || (u == 0x7f && ascii)) {
      append_u16(out, u);
    } else {
      if (u == '/' && slash) out += '\\';
      out += static_cast<char>(u);
    }
  }
  return out;
}

std::string hexadecimal(std::string_view secret, std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    out += hex[byte_at(secret, i) >> 4];
    out += hex[byte_at(secret, i) & 15];
  }
  return out;
}

/// As `set -x` prints it: ' becomes '\''.
std::string shell_quoted(std::string_view secret) {
  std::string out;
  for (const char c : secret) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out;
}

/// Each line of an encoding that is broken after so many bytes of the secret. A last line that is
/// too short to be a form of its own is one together with the line before.
template <class Encode>
void add_broken_lines(std::string_view secret, std::size_t bytes, const Encode& encode,
                      std::vector<std::string>& out) {
  if (secret.size() <= bytes) return;
  for (std::size_t at = 0; at < secret.size(); at += bytes) {
    std::string line = encode(secret.substr(at, bytes));
    if (line.size() < kDerivedMin) line = out.back() + "\n" + line;
    out.push_back(std::move(line));
  }
}

void add_forms(std::string_view secret, std::vector<std::string>& out) {
  if (secret.empty()) return;
  out.emplace_back(secret);
  const auto add = [&](std::string form) {
    if (form.size() >= kDerivedMin && form != secret) out.push_back(std::move(form));
  };
  for (const std::string_view alphabet : {kBase64, kBase64Url}) {
    for (std::size_t before = 0; before < 3; ++before) {
      add(base64_core(secret, before, alphabet));
    }
  }
  for (const std::string_view hex : {kHexLower, kHexUpper}) {
    for (const UrlRule& rule : kUrlRules) add(url_encoded(secret, hex, rule));
    add(hexadecimal(secret, hex));
  }
  add(json_escaped(secret, false, false));
  add(json_escaped(secret, false, true));
  add(json_escaped(secret, true, false));
  add(json_escaped(secret, true, true));
  add(shell_quoted(secret));
  const auto base64 = [](std::string_view part) { return base64_core(part, 0, kBase64); };
  const auto hex = [](std::string_view part) { return hexadecimal(part, kHexLower); };
  for (const std::size_t bytes : kBase64Lines) add_broken_lines(secret, bytes, base64, out);
  add_broken_lines(secret, kHexLine, hex, out);
}

void add_secret(std::string_view secret, std::vector<std::string>& out) {
  add_forms(secret, out);
  std::string_view trimmed = secret;
  while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == '\r')) {
    trimmed.remove_suffix(1);
  }
  if (trimmed.size() != secret.size()) add_forms(trimmed, out);
  if (trimmed.find('\n') == std::string_view::npos) return;
  while (!trimmed.empty()) {
    const std::size_t end = std::min(trimmed.find('\n'), trimmed.size());
    std::string_view line = trimmed.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() >= kLineMin) out.emplace_back(line);
    trimmed.remove_prefix(std::min(trimmed.size(), end + 1));
  }
}

}  // namespace

MaskSet::MaskSet(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) add_secret(secret, patterns_);
  std::ranges::sort(patterns_, [](const std::string& a, const std::string& b) {
    if (a[0] != b[0]) return byte_at(a, 0) < byte_at(b, 0);
    if (a.size() != b.size()) return a.size() > b.size();
    return a < b;
  });
  const auto same = std::ranges::unique(patterns_);
  patterns_.erase(same.begin(), same.end());
  std::uint32_t at = 0;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    first_[byte] = at;
    while (at < patterns_.size() && byte_at(patterns_[at], 0) == byte) ++at;
  }
  first_[256] = at;
}

std::size_t MaskSet::match(std::string_view text) const {
  const unsigned char byte = byte_at(text, 0);
  for (std::uint32_t i = first_[byte]; i < first_[byte + 1U]; ++i) {
    if (text.starts_with(patterns_[i])) return patterns_[i].size();
  }
  return 0;
}

bool MaskSet::may_grow(std::string_view text) const {
  const unsigned char byte = byte_at(text, 0);
  for (std::uint32_t i = first_[byte]; i < first_[byte + 1U]; ++i) {
    if (patterns_[i].size() <= text.size()) return false;  // longest first
    if (std::string_view(patterns_[i]).starts_with(text)) return true;
  }
  return false;
}

std::size_t MaskSet::next_candidate(std::string_view text, std::size_t from) const {
  while (from < text.size()) {
    const unsigned char byte = byte_at(text, from);
    if (first_[byte] != first_[byte + 1U]) return from;
    ++from;
  }
  return text.size();
}

void Masker::feed(std::string_view bytes, std::string& out) {
  if (masks_->empty()) {
    out += bytes;
    return;
  }
  held_ += bytes;
  drain(false, out);
}

void Masker::finish(std::string& out) {
  drain(true, out);
}

void Masker::drain(bool last, std::string& out) {
  const std::string_view text = held_;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = masks_->next_candidate(text, at);
    out += text.substr(at, next - at);
    at = next;
    if (at == text.size()) break;
    const std::string_view rest = text.substr(at);
    if (!last && masks_->may_grow(rest)) break;
    const std::size_t length = masks_->match(rest);
    if (length > 0) out += kMask;
    if (length == 0) out += text[at];
    at += std::max<std::size_t>(length, 1);
  }
  held_.erase(0, at);
}

}  // namespace cordyna::local
