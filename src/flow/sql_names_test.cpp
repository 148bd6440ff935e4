#include "flow/sql_names.hpp"

#include <gtest/gtest.h>

namespace cordyna::flow {
namespace {

std::string names(std::string_view sql) {
  std::string out;
  for (const SqlName& name : sql_names(sql)) out += (out.empty() ? "" : " ") + name.name;
  return out;
}

struct NamesCase {
  std::string sql;
  std::string expected;
};

TEST(SqlNames, AreIdentifiersThatMayBeTables) {
  const NamesCase rows[] = {
      {"", ""},
      {"select * from a", "select from a"},
      {"FROM County", "from county"},
      {"from a, b join c on a.x = b.y", "from a b join c on a b"},
      {"from \"my-task.v2\"", "from my-task.v2"},
      {"from \"a\"\"b\"", "from a\"b"},
      {"select 'a from b', x", "select x"},
      {"select 'it''s a' || b", "select b"},
      {"select E'it\\'s a', b", "select b"},
      {"select $$ a $$, $t$ b $$ $t$, c", "select c"},
      {"from a -- b\n, c", "from a c"},
      {"from a /* b /* c */ d */ , e", "from a e"},
      {"from {{ outputs.x.data }} b", "from b"},
      {"from {% if a %} b", "from b"},
      {"select count(x), count (y)", "select x y"},
      {"select x as a, y as \"b\" from c", "select x y from c"},
      {"from schema.a", "from schema"},
      {"from main.a, memory.main.b", "from main a memory b"},
      {"select 1e5, 0x1F, 12abc from a", "select from a"},
      {"from 'open string", "from"},
      {"from \"open name", "from open name"},
      {"from a /* open", "from a"},
      {"from a $open", "from a open"},
      {"from tönung", "from tönung"},
  };
  for (const NamesCase& row : rows) EXPECT_EQ(names(row.sql), row.expected) << row.sql;
}

TEST(SqlNames, KnowWhereTheyStand) {
  const std::vector<SqlName> found = sql_names("from \"a\", b");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1].offset, 5U);
  EXPECT_EQ(found[2].offset, 10U);
}

}  // namespace
}  // namespace cordyna::flow
