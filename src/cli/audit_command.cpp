// dyna audit: what was done through the server, and whether its record is whole.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "flow/sha256.hpp"
#include "service/audit_chain.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kPage = 1000;

std::string line_of(const AuditRow& row) {
  return fmt::format("{:>6}  {}  {}{}  {}  {}\n", row.seq, format_timestamp(row.at),
                     printable(row.actor),
                     row.address.empty() ? "" : " from " + printable(row.address),
                     printable(row.action), printable(row.subject));
}

/// The newest `limit` (0: all), the oldest first.
Result<std::vector<AuditRow>> read_audit(StoreReader& reader, std::uint32_t limit) {
  std::vector<AuditRow> rows;
  AuditFilter filter;
  for (;;) {
    filter.limit =
        limit == 0 ? kPage : std::min(kPage, limit - static_cast<std::uint32_t>(rows.size()));
    TRY_ASSIGN(const std::vector<AuditRow> page, reader.list_audit(filter));
    rows.insert(rows.end(), page.begin(), page.end());
    if (page.size() < filter.limit || rows.size() == limit) break;
    filter.before = page.back().seq;
  }
  std::ranges::reverse(rows);
  return rows;
}

CommandResult verify(CommandContext& context, StoreReader& reader) {
  TRY_ASSIGN(const AuditCheck check, check_audit(reader, flow::sha256_hex));
  if (context.arguments.json) {
    context.output.write(
        fmt::format(R"({{"entries":{},"whole":{},"broken_at":{},"last_hash":"{}"}})", check.entries,
                    check.broken_at == 0, check.broken_at, check.last_hash) +
        "\n");
    return check.broken_at == 0 ? ExitCode::kOk : ExitCode::kCorrupt;
  }
  if (check.broken_at > 0) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("the audit has been changed: entry {} does not follow from those before",
                    check.broken_at));
  }
  if (check.entries == 0) {
    context.output.write("the audit is empty\n");
  } else {
    context.output.write(fmt::format("the audit is whole: entries 1 to {}, the last hash is {}\n",
                                     check.entries, check.last_hash));
  }
  return ExitCode::kOk;
}

}  // namespace

CommandResult audit_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Side side, side_here(context));
  if (arguments.action == "verify") return verify(context, *side.reader);
  TRY_ASSIGN(const std::vector<AuditRow> rows,
             read_audit(*side.reader, arguments.json ? 0 : arguments.limit));
  std::string out;
  for (const AuditRow& row : rows) {
    if (!arguments.json) {
      out += line_of(row);
      continue;
    }
    append_audit(out, row);
    out += '\n';
  }
  if (rows.empty() && !arguments.json) out = "nothing was done through a server\n";
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
