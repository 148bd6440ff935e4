// dyna notices: who is told of what went wrong.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

std::string what_of(const NoticeRow& notice) {
  if (notice.flow_id.empty()) return "-";
  const std::string flow = flow_name(notice.ns, notice.flow_id);
  return printable(notice.path.empty() ? flow : flow + "#" + notice.path);
}

std::string notices_table(const std::vector<NoticeRow>& notices) {
  std::vector<std::vector<std::string>> rows{
      {"AT", "TEAM", "KIND", "WHAT", "RUN", "CAUSE", "DESCRIPTION"}};
  for (const NoticeRow& notice : notices) {
    const std::string code = notice.code.empty() ? "" : notice.code + ": ";
    rows.push_back(
        {seconds_text(notice.at), printable(notice.team), std::string(to_string(notice.kind)),
         what_of(notice), notice.run > 0 ? std::to_string(notice.run) : "-",
         notice.cause.empty() ? "-" : printable(notice.cause), code + printable(notice.text)});
  }
  return as_columns(rows);
}

}  // namespace

CommandResult notices_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const Side side, side_here(context));
  NoticeFilter filter;
  filter.team = arguments.at.team;
  if (!arguments.run_state.empty()) filter.kind = parse_notice_kind(arguments.run_state);
  filter.before = arguments.before;
  filter.limit = arguments.limit;
  TRY_ASSIGN(const std::vector<NoticeRow> notices, side.reader->list_notices(filter));
  if (!arguments.json) {
    context.output.write(notices.empty() ? "nobody had to be told of anything\n"
                                         : notices_table(notices));
    return ExitCode::kOk;
  }
  std::string out;
  for (const NoticeRow& notice : notices) {
    append_notice(out, notice);
    out += '\n';
  }
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
