#include "table.hpp"

#include <gtest/gtest.h>

namespace ron::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheyNeedToBe) {
  Table table({{"name"}, {"count", Align::kRight}});
  table.add({"a", "1"});
  table.add({"longer", "12345"});
  EXPECT_EQ(table.text(),
            "name    count\n"
            "a           1\n"
            "longer  12345\n");
}

TEST(Table, CellsCannotDriveATerminal) {
  Table table({{"name"}});
  table.add({"x\x1b[2J\n"});
  EXPECT_EQ(table.text(), "name\nx\\x1b[2J\\n\n");
}

TEST(Table, WhatIsTooWideEndsInAnEllipsis) {
  Table table({{"name", Align::kLeft, 4}, {"b"}});
  table.add({"abcdef", "y"});
  EXPECT_EQ(table.text(), "name  b\nabc\xe2\x80\xa6  y\n");
  EXPECT_EQ(table.text(3), "na\xe2\x80\xa6\nab\xe2\x80\xa6\n");
}

TEST(Table, MissingCellsAreEmpty) {
  Table table({{"a"}, {"b"}});
  table.add({"1"});
  EXPECT_EQ(table.text(), "a  b\n1\n");
}

TEST(Facts, EmptyValuesAreLeftOut) {
  Facts facts;
  facts.add("long name", "1");
  facts.add("none", "");
  facts.add("b", "2");
  EXPECT_EQ(facts.text(), "long name  1\nb          2\n");
}

TEST(Quantities, CountCharactersNotBytes) {
  EXPECT_EQ(columns_of("h\xc3\xa4"), 2U);
  EXPECT_EQ(shortened("h\xc3\xa4\xc3\xa4\xc3\xa4", 3), "h\xc3\xa4\xe2\x80\xa6");
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(Quantities, Bytes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(256.0 * 1024 * 1024), "256 MiB");
}

TEST(Quantities, Ages) {
  EXPECT_EQ(age_text(12.9), "12s");
  EXPECT_EQ(age_text(200), "3m 20s");
  EXPECT_EQ(age_text(3600), "1h");
  EXPECT_EQ(age_text(3 * 86'400 + 4 * 3600), "3d 4h");
  EXPECT_EQ(age_text(-1), "0s");
}

TEST(Quantities, RatesStayShort) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(3.46), "3.5");
  EXPECT_EQ(short_count(9999), "9999");
  EXPECT_EQ(short_count(12'345), "12.3k");
  EXPECT_EQ(short_count(45e6), "45.0M");
}

TEST(Quantities, Dates) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(1'709'164'800), "2024-02-29");
}

}  // namespace
}  // namespace ron::cli
