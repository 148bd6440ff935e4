#include "store/sqlite/log_space.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace cordyna::sqlite {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(LogSpace, KeepsTheFileAheadAndWhatIsInItUntouched) {
  const std::string path = testing::TempDir() + "/log_space_test";
  const std::string used(200'000, 'x');
  std::ofstream(path, std::ios::binary) << used;
  LogSpace space(path);
  space.keep_ahead(1000);
  EXPECT_EQ(std::filesystem::file_size(path), used.size()) << "a short life asks for nothing";
  space.keep_ahead(static_cast<std::int64_t>(used.size()));
  const auto size = std::filesystem::file_size(path);
  EXPECT_GT(size, used.size() + (std::size_t{256} << 10));
  EXPECT_EQ(content(path), used + std::string(size - used.size(), '\0'));
  space.keep_ahead(300'000);
  EXPECT_EQ(std::filesystem::file_size(path), size) << "there is enough";
  std::filesystem::remove(path);
}

TEST(LogSpace, AFileThatIsNotThereIsNoError) {
  LogSpace space(testing::TempDir() + "/no/such/log");
  space.keep_ahead(10'000'000);
  EXPECT_FALSE(std::filesystem::exists(testing::TempDir() + "/no"));
}

}  // namespace
}  // namespace cordyna::sqlite
