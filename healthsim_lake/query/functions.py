"""Which functions a question may call, and how large a value each can build.

An allow-list. DuckDB has some 1,100 functions, a few dozen more with each release, and among the
scalar ones are some that write logs, sleep, read settings, run SQL or dereference pointers; a
deny-list would be wrong with the next release. Nobody's question fails for an exotic name without
being told so: the refusal names the function. Names come from ``duckdb_functions()`` of 1.4, 1.5
and 2.0; one that a release lacks is refused by DuckDB itself.

Left out on purpose: whatever tells about the machine, the session or the catalog; random state
(``setseed``, sequences); ``error``, sleeping and logging; SQL in strings; and what allocates by a
number or by the square of its input: ``equi_width_bins``, ``bitstring_agg``,
``reservoir_quantile``, ``damerau_levenshtein``, ``json_pretty``; and ``json_contains``, which
crashes the engine over brackets that are nested 200,000 times, and any row may hold them.
"""

from __future__ import annotations


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


OPERATORS = _names(
    "! !__postfix !~~ !~~* % & && * ** + - -> ->> / // <-> << <=> <@ < <= = != <> == > >= >> @ @>",
    "^ ^@ | || ~ ~~ ~~* ~~~",
)

SMALL = _names(
    # numbers
    """abs acos acosh add asin asinh atan atan2 atanh bit_count bit_length bit_position cbrt ceil
    ceiling cos cosh cot degrees divide even exp factorial fdiv floor fmod gamma gcd
    greatest_common_divisor isfinite isinf isnan lcm least_common_multiple lgamma ln log log10 log2
    mod multiply nextafter pi pow power radians random round round_even roundbankers sign signbit
    sin sinh sqrt subtract tan tanh trunc xor binom get_bit width_bucket""",
    # dates and times
    """age ago century current_date current_localtime current_localtimestamp current_timestamp
    current_time date_add date_diff date_part date_sub date_trunc datediff datepart datesub
    datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms
    epoch_ns epoch_us era get_current_time get_current_timestamp hour isodow isoyear julian last_day
    localtime localtimestamp make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns
    make_timestamptz microsecond millennium millisecond minute month monthname nanosecond
    normalized_interval now quarter second strptime time_bucket timezone timezone_hour
    timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia
    to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
    transaction_timestamp try_strptime week weekday weekofyear year yearweek""",
    # questions about text, lists and JSON
    """array_contains array_cosine_distance array_cosine_similarity array_cross_product
    array_distance array_dot_product array_has array_has_all array_has_any array_indexof
    array_inner_product array_length array_negative_dot_product array_negative_inner_product
    array_position array_unique ascii cardinality char_length character_length contains editdist3
    ends_with hamming hash ilike_escape instr is_histogram_other_bin jaccard jaro_similarity
    jaro_winkler_similarity json_array_length json_exists json_type json_valid len
    length length_grapheme levenshtein like_escape list_contains list_cosine_distance
    list_cosine_similarity list_count list_distance list_dot_product list_has list_has_all
    list_has_any list_indexof list_inner_product list_negative_dot_product
    list_negative_inner_product list_position list_unique map_contains map_contains_entry
    map_contains_value md5 md5_number md5_number_lower md5_number_upper mismatches not_ilike_escape
    not_like_escape octet_length ord position prefix regexp_full_match regexp_matches sha1 sha256
    starts_with strlen strpos struct_contains struct_has struct_indexof struct_position suffix
    typeof unicode uuid gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
    chr format_bytes formatreadablesize formatreadabledecimalsize pg_size_pretty to_base
    parse_formatted_bytes union_tag grouping grouping_id""",
    # numbers out of lists
    """list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and
    list_bool_or list_entropy list_kurtosis list_kurtosis_pop list_mad list_product list_sem
    list_skewness list_stddev_pop list_stddev_samp list_sum list_var_pop list_var_samp""",
    # aggregates and windows whose result is a number
    """approx_count_distinct avg bit_and bit_or bit_xor bool_and bool_or corr count count_if
    count_star countif covar_pop covar_samp cume_dist dense_rank entropy favg fsum kahan_sum
    kurtosis kurtosis_pop mean ntile percent_rank product rank rank_dense regr_avgx regr_avgy
    regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number sem skewness
    stddev stddev_pop stddev_samp sum sum_no_overflow sumkahan var_pop var_samp variance geomean
    geometric_mean wavg weighted_avg""",
) | (OPERATORS - {"||", "->", "->>"})
"""The result is a number, a moment, a truth value or a short text, whatever goes in."""

PASSING = _names(
    # text
    """array_to_string_comma_default concat decode encode from_base64 from_binary from_hex
    json_extract_path_text lcase left left_grapheme lower ltrim nfc_normalize overlay
    regexp_extract reverse right right_grapheme rtrim split_part strip_accents substr
    substring substring_grapheme translate trim ucase unbin unhex upper url_decode""",
    # choices
    """coalesce constant_or_null greatest if ifnull least nullif""",
    # lists, structs, maps, unions
    """array_append array_cat array_concat array_distinct array_extract array_grade_up
    array_intersect array_pop_back array_pop_front array_prepend array_push_back array_push_front
    array_reverse array_reverse_sort array_select array_slice array_sort array_value array_where
    array_zip cast_to_type construct_array element_at flatten grade_up list_any_value list_append
    list_cat list_concat list_distinct list_element list_extract list_first list_grade_up
    list_histogram list_intersect list_last list_max list_median list_min list_mode list_pack
    list_prepend list_reverse list_reverse_sort list_select list_slice list_sort list_value
    list_where list_zip map map_concat map_entries map_extract map_extract_value map_from_entries
    map_keys map_values row struct_concat struct_extract struct_extract_at struct_insert struct_keys
    struct_pack struct_update struct_values union_extract union_value unnest unpivot_list
    array_length set_bit""",
    # JSON
    """from_json from_json_strict json json_deep_merge json_extract json_extract_path
    json_extract_string json_insert json_merge_patch json_merge_patch_diff json_normalize
    json_remove json_replace json_set json_strip_nulls json_structure json_transform
    json_transform_strict json_value""",
    # aggregates and windows that pass a value on
    """any_value approx_quantile arbitrary arg_max arg_max_null arg_max_nulls_last arg_min
    arg_min_null arg_min_nulls_last argmax argmin fill first first_value lag last last_value lead
    mad max max_by median min min_by mode nth_value quantile quantile_cont quantile_disc""",
    "-> ->> ||",
)
"""The result is at most about as large as everything that goes in."""

FACTORS = {
    **dict.fromkeys(("hex", "to_hex", "base64", "to_base64", "regexp_escape"), 2),
    "url_encode": 3,
    **dict.fromkeys(("bin", "to_binary", "generate_subscripts"), 8),
    **dict.fromkeys(
        _names(
            """array_to_json json_array json_group_structure json_object json_quote row_to_json
            to_json"""
        ),
        6,
    ),
    **dict.fromkeys(
        _names(
            """json_keys regexp_extract_all regexp_split_to_array split str_split str_split_regex
            strftime string_split string_split_regex string_to_array"""
        ),
        16,
    ),
    "bar": 1_000,
}
"""The result is at most so many times as large as everything that goes in."""

INSTEAD = {"json_contains": "list_contains(text ->> '$[*]', 'value') looks into an array"}
"""What to ask with instead of a function that is left out."""

RANDOM = _names("gen_random_uuid random uuid uuidv4 uuidv7")
"""They make another value for every row, though nothing of the row goes in."""

PAIRED = _names("editdist3 jaro_similarity jaro_winkler_similarity levenshtein")
"""They compare each character of one text with each of another, and nothing ends them before."""

PATTERNED = _names(
    """regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace
    regexp_split_to_array str_split_regex string_split_regex strftime strptime try_strptime ~ !~ ~*
    !~*"""
)
"""Their second argument is compiled, which takes longer than reading it."""

STRUCTURED = _names(
    """array_zip list_zip map map_from_entries row struct_concat struct_insert struct_pack
    struct_update union_value"""
)
"""The type of the result has the fields of all that goes in."""

TYPED = _names("from_json from_json_strict json_transform json_transform_strict")
"""The second argument is a text that says which fields the result has."""

AGGREGATING = _names("aggregate array_aggr array_aggregate list_aggr list_aggregate")
"""The second argument names an aggregate; it has to be the literal name of an allowed one."""

SEPARATED = {
    **dict.fromkeys(AGGREGATING, 2),
    "array_to_string": 1,
    "concat_ws": 0,
    "list_string_agg": 1,
    "regexp_replace": 2,
    "replace": 2,
}
"""One argument, at this position, goes between or into all parts of the others."""

SIZED = _names("repeat lpad rpad range generate_series list_resize array_resize bitstring")
"""A number says how large the result is; it has to be a literal."""

FORMATS = _names("format printf")
"""Widths stand in a format string; it has to be a literal."""

MAPPING = _names(
    "list_transform list_apply array_transform array_apply apply list_filter array_filter filter"
)
FOLDING = _names("list_reduce array_reduce reduce")

UNFOLDED = (
    AGGREGATING
    | MAPPING
    | FOLDING
    | _names(
        """array_distinct array_to_string array_unique list_distinct list_string_agg list_unique"""
    )
)
"""What they make of literals alone is made again for every row."""

BUILDERS = _names(
    """approx_top_k array_agg group_concat histogram histogram_exact json_group_array
    json_group_object list listagg string_agg"""
)
"""Aggregates whose result grows with the number of rows."""

ALLOWED = (
    SMALL
    | PASSING
    | FACTORS.keys()
    | SEPARATED.keys()
    | SIZED
    | FORMATS
    | MAPPING
    | FOLDING
    | BUILDERS
)

VOLATILE = _names(
    """age current_date current_localtime current_localtimestamp current_time current_timestamp
    gen_random_uuid get_current_time get_current_timestamp localtime localtimestamp now random today
    transaction_timestamp uuid uuidv4 uuidv7"""
)
"""They may return something else when asked again, over the same rows."""

TABLE_FUNCTIONS = _names("range generate_series unnest json_each json_tree")
"""They make rows one after the other, out of their arguments alone."""
