#include "tree_sum.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace tessera::parallel {

namespace {

constexpr std::size_t piece = std::size_t{1} << 20U;  // floats exchanged at a time: 4 MiB

}  // namespace

// Recursive doubling. a + b and b + a are the same bits, so both partners hold the same sum.
void tree_sum(comm::Communicator const& comm, std::span<float> values) {
    std::vector<float> received(std::min(piece, values.size()));
    for (int distance = 1; distance < comm.size(); distance *= 2) {
        auto const partner = comm.rank() ^ distance;
        for (std::size_t begin = 0; begin < values.size(); begin += piece) {
            auto const part = values.subspan(begin, std::min(piece, values.size() - begin));
            auto const other = std::span(received).first(part.size());
            comm::exchange(comm, partner, part, other);
            std::ranges::transform(part, other, part.begin(), std::plus<>());
        }
    }
}

}  // namespace tessera::parallel
