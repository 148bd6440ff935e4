#include "secrets/secret_store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/nearest.hpp"
#include "base/wipe.hpp"
#include "ports/secrets.hpp"
#include "secrets/private_file.hpp"
#include "secrets/secret_cipher.hpp"

namespace cordyna {
namespace {

constexpr std::string_view kHeading = "cordyna-secrets ";
constexpr int kVersion = 1;
constexpr std::size_t kStoreBytesMax = std::size_t{16} << 20;
constexpr std::size_t kKeyBytesMax = 1024;
constexpr int kPatienceMs = 10'000;
constexpr const char* kKeyVariable = "DYNA_SECRET_KEY";
constexpr std::string_view kStore = "secret store";

struct Entry {
  KeptSecret kept;
  std::string sealed;

  /// What the value is bound to.
  [[nodiscard]] std::string context() const {
    return fmt::format("{}{} {} {}", kHeading, kVersion, kept.name, kept.set_at);
  }
};

using Entries = std::vector<Entry>;

/// The key, and where it came from.
struct FoundKey {
  SecretKey key;
  std::string where;
};

std::unexpected<Error> damaged(const std::string& path, std::size_t line) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("secret store {}, line {}: it is damaged or was cut; put back a copy of "
                          "it, or remove it and set its secrets again",
                          path, line));
}

/// Cuts the next line off; nullopt: there is no whole one.
std::optional<std::string_view> next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto read = std::from_chars(begin, end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

/// Without a name: the line is no entry. (gcc 12 takes an optional one for uninitialised.)
Entry parse_entry(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return {};
  const std::string_view name = line.substr(0, first);
  const auto set_at = parse_number<Millis>(line.substr(first + 1, second - first - 1));
  if (!set_at.has_value() || !check_secret_name(name).has_value()) return {};
  return {{std::string(name), *set_at}, std::string(line.substr(second + 1))};
}

Result<Entries> parse_store(const std::string& path, std::string_view text) {
  const auto heading = next_line(text);
  if (!heading.has_value() || !heading->starts_with(kHeading)) return damaged(path, 1);
  const auto version = parse_number<int>(heading->substr(kHeading.size()));
  if (version.has_value() && *version > kVersion) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("secret store {} is of version {}, and this dyna knows {}: use a newer "
                            "one",
                            path, *version, kVersion));
  }
  if (version != kVersion) return damaged(path, 1);
  Entries entries;
  for (std::size_t number = 2;; ++number) {
    const auto line = next_line(text);
    if (!line.has_value()) return damaged(path, number);
    if (line->starts_with(". ")) {
      const bool whole = parse_number<std::size_t>(line->substr(2)) == entries.size();
      if (!whole || !text.empty()) return damaged(path, number);
      return entries;
    }
    Entry entry = parse_entry(*line);
    const bool first = entries.empty();
    // In the order of their names, so that none can be there twice.
    if (entry.kept.name.empty() || (!first && entry.kept.name <= entries.back().kept.name)) {
      return damaged(path, number);
    }
    entries.push_back(std::move(entry));
  }
}

/// None where there is no file.
Result<Entries> read_store(const StateLayout& layout) {
  const std::string path = layout.secret_store();
  TRY_ASSIGN(const std::optional<std::string> text,
             read_private_file(path, kStore, kStoreBytesMax));
  if (!text.has_value()) return Entries{};
  return parse_store(path, *text);
}

Result<> write_store(const StateLayout& layout, const Entries& entries) {
  std::string text = fmt::format("{}{}\n", kHeading, kVersion);
  for (const Entry& entry : entries) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", entry.kept.name, entry.kept.set_at,
                   entry.sealed);
  }
  fmt::format_to(std::back_inserter(text), ". {}\n", entries.size());
  if (text.size() > kStoreBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("secret store {} is full (16 MiB)", layout.secret_store()));
  }
  return replace_private_file(layout.secret_store(), kStore, text);
}

/// Nullopt: there is none.
Result<std::optional<FoundKey>> find_key(const StateLayout& layout) {
  if (const char* given = std::getenv(kKeyVariable); given != nullptr) {
    std::optional<SecretKey> key = SecretKey::parse(given);
    if (!key.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} is not a key: it wants 32 bytes in base64 (44 characters) or hex "
                              "(64), as 'openssl rand -base64 32' makes them",
                              kKeyVariable));
    }
    return FoundKey{std::move(*key), kKeyVariable};
  }
  const std::string path = layout.secret_key();
  TRY_ASSIGN(std::optional<std::string> text, read_private_file(path, "key file", kKeyBytesMax));
  if (!text.has_value()) return std::nullopt;
  std::optional<SecretKey> key = SecretKey::parse(*text);
  wipe_secret(*text);
  if (key.has_value()) return FoundKey{std::move(*key), path};
  return fail(ErrorCode::kCorrupt,
              fmt::format("key file {} does not hold 32 bytes in base64 or hex: put back a copy of "
                          "it",
                          path));
}

std::unexpected<Error> no_key(const StateLayout& layout, std::string_view name) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("secret '{0}' is in {1}, but its key is missing: set {2}, or put back "
                          "{3}; if it is lost, 'dyna secret remove {0}' and set it again",
                          name, layout.secret_store(), kKeyVariable, layout.secret_key()));
}

Result<std::string> open_entry(const StateLayout& layout, const FoundKey& key, const Entry& entry) {
  std::optional<std::string> value = unseal(key.key, entry.context(), entry.sealed);
  if (value.has_value()) return std::move(*value);
  return fail(ErrorCode::kCorrupt,
              fmt::format("secret '{0}' in {1} cannot be decrypted with the key of {2}: it is not "
                          "the key that it was set with, or the file is damaged; bring the right "
                          "key, or 'dyna secret remove {0}' and set it again",
                          entry.kept.name, layout.secret_store(), key.where));
}

/// The key that opens all of `others`. Makes one where there is none and nothing needs an old one.
Result<FoundKey> key_for(const StateLayout& layout, const Entries& others, SecretKept& done) {
  TRY_ASSIGN(std::optional<FoundKey> found, find_key(layout));
  if (!found.has_value()) {
    if (!others.empty()) return no_key(layout, others.front().kept.name);
    SecretKey key = SecretKey::make();
    std::string text = key.text() + "\n";
    const Result<> written = replace_private_file(layout.secret_key(), "key file", text);
    wipe_secret(text);
    TRY(written);
    done.new_key_file = layout.secret_key();
    return FoundKey{std::move(key), layout.secret_key()};
  }
  for (const Entry& other : others) {
    TRY_ASSIGN(std::string value, open_entry(layout, *found, other));
    wipe_secret(value);
  }
  return std::move(*found);
}

Result<> check_value(std::string_view name, std::string_view value) {
  std::string_view wrong;
  if (value.empty()) wrong = "is empty";
  if (value.size() > kSecretValueMax) wrong = "has more than 64 KiB";
  if (value.find('\0') != std::string_view::npos) {
    wrong = "holds a NUL byte, which no program can be given";
  }
  if (wrong.empty()) return {};
  return fail(ErrorCode::kInvalidArgument, fmt::format("the value of '{}' {}", name, wrong));
}

std::unexpected<Error> not_there(const StateLayout& layout, const Entries& entries,
                                 std::string_view name) {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries) names.emplace_back(entry.kept.name);
  const std::string near = nearest(name, names);
  return fail(ErrorCode::kNotFound,
              fmt::format("there is no secret '{}' in {}{}", name, layout.secret_store(),
                          near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

Result<Descriptor> lock(const StateLayout& layout) {
  return lock_file(layout.secret_lock(), "lock of the secret store", kPatienceMs);
}

const std::string& name_of(const Entry& entry) {
  return entry.kept.name;
}

}  // namespace

Result<std::string> SecretStore::find(std::string_view name) const {
  TRY(check_secret_name(name));
  TRY_ASSIGN(const Entries entries, read_store(layout_));
  const auto entry = std::ranges::find(entries, name, name_of);
  if (entry == entries.end()) return not_there(layout_, entries, name);
  TRY_ASSIGN(const std::optional<FoundKey> key, find_key(layout_));
  if (!key.has_value()) return no_key(layout_, name);
  return open_entry(layout_, *key, *entry);
}

Result<SecretKept> SecretStore::set(std::string_view name, std::string_view value, Millis now) {
  TRY(check_secret_name(name));
  TRY(check_value(name, value));
  const std::string& folder = layout_.folder();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("state folder '{}' cannot be made: {}", folder, std::strerror(errno)));
  }
  TRY_ASSIGN(const Descriptor locked, lock(layout_));
  TRY_ASSIGN(Entries entries, read_store(layout_));
  SecretKept done;
  done.replaced = std::erase_if(entries, [&](const Entry& e) { return e.kept.name == name; }) > 0;
  TRY_ASSIGN(const FoundKey key, key_for(layout_, entries, done));
  Entry entry{{std::string(name), now}, {}};
  entry.sealed = seal(key.key, entry.context(), value);
  entries.insert(std::ranges::upper_bound(entries, name, {}, name_of), std::move(entry));
  TRY(write_store(layout_, entries));
  return done;
}

Result<std::vector<KeptSecret>> SecretStore::list() const {
  TRY_ASSIGN(Entries entries, read_store(layout_));
  std::vector<KeptSecret> kept;
  kept.reserve(entries.size());
  for (Entry& entry : entries) kept.push_back(std::move(entry.kept));
  return kept;
}

Result<> SecretStore::remove(std::string_view name) {
  TRY(check_secret_name(name));
  // Where nothing is, no lock is made either.
  TRY_ASSIGN(const Entries before, read_store(layout_));
  if (std::ranges::find(before, name, name_of) == before.end()) {
    return not_there(layout_, before, name);
  }
  TRY_ASSIGN(const Descriptor locked, lock(layout_));
  TRY_ASSIGN(Entries entries, read_store(layout_));
  if (std::erase_if(entries, [&](const Entry& e) { return e.kept.name == name; }) == 0) {
    return not_there(layout_, entries, name);
  }
  return write_store(layout_, entries);
}

}  // namespace cordyna
