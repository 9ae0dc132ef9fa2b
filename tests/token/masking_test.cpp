#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::token {
namespace {

TEST(MaskingProfile, DefaultHidesWhatNamesAHostOrAFlow) {
    EXPECT_THAT(masking_profile("default").hidden,
                testing::UnorderedElementsAre(Field::link_header, Field::addresses, Field::ports,
                                              Field::ip_id, Field::checksums, Field::tcp_sequence,
                                              Field::tcp_timestamp));
}

TEST(MaskingProfile, NoneHidesNothing) {
    EXPECT_TRUE(masking_profile("none").hidden.empty());
}

TEST(MaskingProfile, HeadersOnlyIsDefaultAndPayload) {
    auto expected = masking_profile("default").hidden;
    expected.push_back(Field::payload);
    EXPECT_EQ(masking_profile("headers-only").hidden, expected);
}

TEST(MaskingProfile, CtdIsAllOfD1CAndT) {
    auto const all = masking_profile("CTD");
    std::size_t count = 0;
    for (auto const* part : {"D1", "C", "T"}) {
        for (auto const field : masking_profile(part).hidden) {
            EXPECT_TRUE(all.hides(field)) << name(field);
            ++count;
        }
    }
    EXPECT_EQ(all.hidden.size(), count);
}

TEST(MaskingProfile, AnUnknownNameListsTheKnownOnes) {
    try {
        masking_profile("defualt");
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        for (auto const& name : masking_profiles()) {
            EXPECT_THAT(error.what(), testing::HasSubstr(name));
        }
    }
}

TEST(Field, HasANameOfItsOwn) {
    std::vector<std::string> names;
    for (unsigned i = 0; i < static_cast<unsigned>(Field::count_); ++i) {
        names.emplace_back(name(static_cast<Field>(i)));
        EXPECT_EQ(std::count(names.begin(), names.end(), names.back()), 1);
    }
    EXPECT_STREQ(name(Field::transport_header), "transport_header");
}

}  // namespace
}  // namespace tessera::token
