#include <limits>
#include <memory>
#include <string>
#include <type_traits>

#include <tessera/base/error.hpp>
#include <tessera/baseline/trees.hpp>

#ifdef TESSERA_XGBOOST
#include <xgboost/c_api.h>
#endif

// The one place that meets XGBoost.
namespace tessera::baseline {

#ifdef TESSERA_XGBOOST

namespace {

void checked(int result, char const* call) {
    base::validate(result == 0, base::ExitCode::failed, "XGBoost refuses {}: {}", call,
                   XGBGetLastError());
}

template <auto Free>
struct Freed {
    void operator()(void* handle) const { Free(handle); }
};
using Data = std::unique_ptr<void, Freed<XGDMatrixFree>>;
using Booster = std::unique_ptr<void, Freed<XGBoosterFree>>;

Data data_of(Matrix const& rows) {
    DMatrixHandle handle = nullptr;
    checked(XGDMatrixCreateFromMat(rows.values.data(), rows.rows(), rows.width,
                                   std::numeric_limits<float>::quiet_NaN(), &handle),
            "rows of features");
    return Data(handle);
}

Data data_of(LabelledRows const& rows) {
    auto data = data_of(rows.features);
    std::vector<float> const labels(rows.labels.begin(), rows.labels.end());
    checked(XGDMatrixSetFloatInfo(data.get(), "label", labels.data(), labels.size()), "labels");
    return data;
}

void set(Booster const& booster, char const* name, std::string const& value) {
    checked(XGBoosterSetParam(booster.get(), name, value.c_str()), name);
}

Booster booster_for(Data const& data, std::size_t classes, TreeConfig const& config) {
    BoosterHandle handle = nullptr;
    DMatrixHandle known = data.get();
    checked(XGBoosterCreate(&known, 1, &handle), "a model");
    Booster booster(handle);
    set(booster, "verbosity", "0");
    set(booster, "nthread", "1");
    set(booster, "tree_method", "hist");
    set(booster, "objective", "multi:softprob");
    set(booster, "num_class", std::to_string(classes));
    set(booster, "seed", std::to_string(config.seed % 2'147'483'647));
    if (config.ensemble == Ensemble::boosted) return booster;
    set(booster, "num_parallel_tree", std::to_string(config.trees));
    set(booster, "eta", "1");
    set(booster, "max_depth", "16");
    set(booster, "min_child_weight", "0");
    set(booster, "subsample", "0.632");  // the share of rows that a bootstrap sample holds
    set(booster, "colsample_bynode", "0.3");
    return booster;
}

Matrix answers(Booster const& booster, Data const& data, std::size_t classes) {
    bst_ulong const* shape = nullptr;
    bst_ulong dimensions = 0;
    float const* values = nullptr;
    constexpr auto* plain =
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true})";
    checked(
        XGBoosterPredictFromDMatrix(booster.get(), data.get(), plain, &shape, &dimensions, &values),
        "a prediction");
    base::validate(dimensions == 2 && shape[1] == classes, base::ExitCode::failed,
                   "XGBoost answers in {} dimensions where rows of {} classes were asked for",
                   dimensions, classes);
    return {classes, {values, values + shape[0] * shape[1]}};
}

}  // namespace

bool has_trees() {
    return true;
}

Matrix tree_probabilities(LabelledRows const& train, Matrix const& test, TreeConfig const& config) {
    if (train.classes < 2 || test.rows() == 0) {
        return {train.classes, std::vector<float>(test.rows() * train.classes, 1.0F)};
    }
    auto const data = data_of(train);
    auto const booster = booster_for(data, train.classes, config);
    auto const rounds = config.ensemble == Ensemble::boosted ? config.trees : 1;
    for (int i = 0; i < rounds; ++i) {
        checked(XGBoosterUpdateOneIter(booster.get(), i, data.get()), "a round of training");
    }
    return answers(booster, data_of(test), train.classes);
}

#else

bool has_trees() {
    return false;
}

Matrix tree_probabilities(LabelledRows const& /*train*/, Matrix const& /*test*/,
                          TreeConfig const& /*config*/) {
    base::fail(base::ExitCode::environment,
               "this build has no XGBoost; install libxgboost-dev and configure again");
}

#endif

}  // namespace tessera::baseline
