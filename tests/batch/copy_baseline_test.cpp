#include "bigram.hpp"

#include <gtest/gtest.h>

#include <tessera/batch/copy_baseline.hpp>

namespace tessera::batch {
namespace {

/// [CLS] and the bigrams of bytes 1 2 3 4 5, twice; `hidden` places are masked.
PretrainBatch with_hidden(std::vector<std::int64_t> const& hidden) {
    PretrainBatch batch;
    std::vector<std::int64_t> const row{cls_id, bigram(1, 2), bigram(2, 3), bigram(3, 4),
                                        bigram(4, 5)};
    auto const ids = torch::tensor(row).repeat({2, 1});
    batch.masked_positions = torch::tensor(hidden);
    batch.masked_targets = ids.view(-1).index_select(0, batch.masked_positions);
    batch.masked_count = static_cast<std::int64_t>(hidden.size());
    batch.tokens = ids.view(-1).index_fill(0, batch.masked_positions, mask_id).view({2, 5});
    return batch;
}

TEST(CopyBaseline, ASingleMaskedBigramIsGivenAwayByItsNeighbours) {
    EXPECT_EQ(copied_right(with_hidden({2, 8})), 2);
}

TEST(CopyBaseline, AMaskedSpanIsNot) {
    EXPECT_EQ(copied_right(with_hidden({1, 2, 3})), 0);
    EXPECT_EQ(copied_right(with_hidden({4})), 0);  // nothing behind it in its own sequence
}

TEST(CopyBaseline, AnUnseenByteIsGuessedAsZero) {
    auto batch = with_hidden({4});
    batch.masked_targets.fill_(bigram(4, 0));
    EXPECT_EQ(copied_right(batch), 1);
}

}  // namespace
}  // namespace tessera::batch
