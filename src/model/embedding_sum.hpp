#pragma once

#include <torch/types.h>

namespace tessera::model {

/// One table of an embedding and the row that each of R places takes from it.
struct Lookup {
    torch::Tensor const& table;  ///< [rows, H]
    torch::Tensor const& ids;    ///< [R] int64
};

/// Sum of the three rows of each place, [R, H]. On the host the gradient of a table that has a
/// gradient buffer holds only the rows that were looked up (a sparse tensor): a dense one costs
/// four passes over the whole vocabulary. Error(bad_input) for an id outside its table.
torch::Tensor embedding_sum(Lookup const& token, Lookup const& position, Lookup const& segment);

}  // namespace tessera::model
