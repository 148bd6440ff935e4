#include "input/postgres/pgoutput.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace cordyna::input {
namespace {

constexpr std::int64_t kMillisTo2000 = 946'684'800'000;

/// Takes numbers and texts from the front; nothing more once it has ended early.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    if (!has(sizeof(T))) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = value << 8 | static_cast<unsigned char>(rest_[i]);
    }
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  char letter() { return static_cast<char>(number<std::uint8_t>()); }
  std::string_view bytes(std::size_t count) {
    if (!has(count)) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  /// Up to the zero behind it.
  std::string text() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      good_ = false;
      return {};
    }
    std::string taken(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return taken;
  }
  std::string_view rest() { return std::exchange(rest_, {}); }
  [[nodiscard]] bool good() const { return good_; }
  void refuse() { good_ = false; }

 private:
  bool has(std::size_t count) {
    good_ = good_ && rest_.size() >= count;
    return good_;
  }

  std::string_view rest_;
  bool good_ = true;
};

std::unexpected<Error> no_message(std::string_view bytes) {
  return fail(
      ErrorCode::kCorrupt,
      fmt::format("the server sent a message of {} bytes that is none of pgoutput", bytes.size()));
}

/// Microseconds since 2000, as the server counts.
std::int64_t millis_of(std::int64_t micros) {
  return kMillisTo2000 + micros / 1'000;
}

PgoRelation read_relation(Reader& in) {
  PgoRelation relation;
  relation.id = in.number<std::uint32_t>();
  relation.schema = in.text();
  if (relation.schema.empty()) relation.schema = "pg_catalog";
  relation.name = in.text();
  in.letter();  // its replica identity: each change says what it has
  const auto count = in.number<std::uint16_t>();
  for (int i = 0; i < count && in.good(); ++i) {
    PgoColumn column;
    in.number<std::uint8_t>();  // whether it is of the replica identity, which is not always a key
    column.name = in.text();
    column.type = in.number<std::uint32_t>();
    in.number<std::uint32_t>();  // its modifier
    relation.columns.push_back(std::move(column));
  }
  return relation;
}

PgoRow read_row(Reader& in) {
  PgoRow row;
  const auto count = in.number<std::uint16_t>();
  for (int i = 0; i < count && in.good(); ++i) {
    PgoValue value;
    const char kind = in.letter();
    if (kind == 't') {
      value.kind = PgoValue::Kind::kText;
      value.text = in.bytes(in.number<std::uint32_t>());
    } else if (kind == 'u') {
      value.kind = PgoValue::Kind::kUnchanged;
    } else if (kind != 'n') {
      in.refuse();
    }
    row.push_back(std::move(value));
  }
  return row;
}

PgoChange read_change(char kind, Reader& in) {
  PgoChange change;
  change.kind = kind == 'I'   ? PgoChange::Kind::kInsert
                : kind == 'U' ? PgoChange::Kind::kUpdate
                              : PgoChange::Kind::kDelete;
  change.relation = in.number<std::uint32_t>();
  char part = in.letter();
  if (part == 'K' || part == 'O') {
    change.before = read_row(in);
    change.before_whole = part == 'O';
    if (kind == 'D') return change;
    part = in.letter();
  }
  if (part != 'N') in.refuse();
  change.after = read_row(in);
  return change;
}

PgoTruncate read_truncate(Reader& in) {
  PgoTruncate truncate;
  const auto count = in.number<std::uint32_t>();
  in.letter();  // CASCADE, RESTART IDENTITY
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    truncate.relations.push_back(in.number<std::uint32_t>());
  }
  return truncate;
}

}  // namespace

std::string lsn_text(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xffff'ffff);
}

std::optional<Lsn> parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  const auto read = [](std::string_view part, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number, 16);
    return error == std::errc() && end == part.data() + part.size() && !part.empty();
  };
  if (!read(text.substr(0, slash), high) || !read(text.substr(slash + 1), low)) return std::nullopt;
  return Lsn{high} << 32 | low;
}

Result<PgoMessage> parse_pgoutput(std::string_view bytes) {
  Reader in(bytes);
  const char kind = in.letter();
  PgoMessage message;
  switch (kind) {
    case 'B': {
      PgoBegin begin;
      begin.final_lsn = in.number<std::uint64_t>();
      begin.at = millis_of(in.number<std::int64_t>());
      message = begin;
      break;
    }
    case 'C': {
      PgoCommit commit;
      in.number<std::uint8_t>();
      in.number<std::uint64_t>();
      commit.end_lsn = in.number<std::uint64_t>();
      message = commit;
      break;
    }
    case 'R': message = read_relation(in); break;
    case 'I':
    case 'U':
    case 'D': message = read_change(kind, in); break;
    case 'T': message = read_truncate(in); break;
    case 'O':
    case 'Y':
    case 'M': break;
    default: in.refuse();
  }
  if (!in.good()) return no_message(bytes);
  return message;
}

Result<std::variant<WalData, KeepAlive>> parse_replication(std::string_view bytes) {
  Reader in(bytes);
  const char kind = in.letter();
  if (kind == 'w') {
    WalData data;
    in.number<std::uint64_t>();  // where it stands, how far the server is, when
    in.number<std::uint64_t>();
    in.number<std::int64_t>();
    data.payload = in.rest();
    if (in.good()) return data;
  } else if (kind == 'k') {
    KeepAlive alive;
    alive.end = in.number<std::uint64_t>();
    in.number<std::int64_t>();
    alive.reply = in.number<std::uint8_t>() != 0;
    if (in.good()) return alive;
  }
  return no_message(bytes);
}

std::string standby_status(Lsn kept, std::int64_t at) {
  std::string out = "r";
  const auto add = [&out](std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      out += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xff);
    }
  };
  add(kept);  // written, flushed, applied
  add(kept);
  add(kept);
  add(static_cast<std::uint64_t>((at - kMillisTo2000) * 1'000));
  out += '\0';  // no answer is wanted
  return out;
}

}  // namespace cordyna::input
