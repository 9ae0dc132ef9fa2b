#pragma once

#include "bench.hpp"
#include "stage_times.hpp"

#include <string>
#include <vector>

#include <tessera/report/line_chart.hpp>

namespace tessera::apps {

/// What `bench preprocess` has measured beside its figures.
struct PreprocessCurves {
    std::vector<report::Point> rate;    ///< ranks, M packets/s
    std::vector<report::Point> memory;  ///< MB of input, MiB of the largest rank
    std::vector<StageTime> stages;      ///< of one rank, the whole program last
};

/// The page of the bench: figures, then the curves.
std::string preprocess_page(std::vector<Figure> const& figures, PreprocessCurves const& curves);

}  // namespace tessera::apps
