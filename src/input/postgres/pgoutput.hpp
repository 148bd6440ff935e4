/// What a PostgreSQL server says of its changes: messages of the output plugin pgoutput,
/// protocol 1.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace cordyna::input {

/// A place in the server's log of changes: "16/B374D848".
using Lsn = std::uint64_t;

[[nodiscard]] std::string lsn_text(Lsn lsn);
[[nodiscard]] std::optional<Lsn> parse_lsn(std::string_view text);

struct PgoBegin {
  Lsn final_lsn = 0;    ///< of the transaction's commit
  std::int64_t at = 0;  ///< its time: milliseconds since 1970
};

struct PgoCommit {
  Lsn end_lsn = 0;  ///< behind the transaction
};

struct PgoColumn {
  std::string name;
  std::uint32_t type = 0;  ///< its OID
};

struct PgoRelation {
  std::uint32_t id = 0;
  std::string schema;
  std::string name;
  std::vector<PgoColumn> columns;
};

/// One column of a row.
struct PgoValue {
  enum class Kind : std::uint8_t {
    kNull,
    kText,
    kUnchanged,  ///< a large value that an update left as it was, and which is not told
  };
  Kind kind = Kind::kNull;
  std::string text{};
};

using PgoRow = std::vector<PgoValue>;

struct PgoChange {
  enum class Kind : std::uint8_t { kInsert, kUpdate, kDelete };
  Kind kind = Kind::kInsert;
  std::uint32_t relation = 0;
  std::optional<PgoRow> before{};  ///< the key alone, others null; or all, as `before_whole` says
  bool before_whole = false;
  std::optional<PgoRow> after{};
};

struct PgoTruncate {
  std::vector<std::uint32_t> relations;
};

/// std::monostate: a message that is of no matter here (origins, types, others' messages).
using PgoMessage =
    std::variant<std::monostate, PgoBegin, PgoCommit, PgoRelation, PgoChange, PgoTruncate>;

/// Errors: kCorrupt: it ends early, or is none.
[[nodiscard]] Result<PgoMessage> parse_pgoutput(std::string_view bytes);

/// What comes over a replication connection.
struct WalData {
  std::string_view payload;  ///< of pgoutput; into the bytes that were parsed
};
struct KeepAlive {
  Lsn end = 0;  ///< how far the server has looked
  bool reply = false;
};
[[nodiscard]] Result<std::variant<WalData, KeepAlive>> parse_replication(std::string_view bytes);

/// The bytes that tell the server: all before `kept` need not be sent again. `at`: milliseconds
/// since 1970.
[[nodiscard]] std::string standby_status(Lsn kept, std::int64_t at);

}  // namespace cordyna::input
