/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree against known answers, every small tree with every proof, and the probes of transparency-dev. */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "replay/merkle.h"
#include "tests/unit/replay/vectors.h"

enum { N_KNOWN = 8, SIZE_MAX_TRIED = 40, N_PROBES = 196 };

/* Leaves, roots and proofs of the tests of Certificate Transparency. */
static const char *const known_leaves[N_KNOWN] = {"",
                                                  "00",
                                                  "10",
                                                  "2021",
                                                  "3031",
                                                  "40414243",
                                                  "5051525354555657",
                                                  "606162636465666768696a6b6c6d6e6f"};
static const char *const known_roots[N_KNOWN] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
static const struct {
    uint64_t index, size;
    uint32_t n_hashes;
    const char *hashes[3];
} known_inclusions[] =
    {
        {0, 1, 0, {NULL}},
        {0,
         8,
         3,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {5,
         8,
         3,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2, 3, 1, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
        {1,
         5,
         3,
         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
},
  known_growths[] = {
      {1, 1, 0, {NULL}},
      {1,
       8,
       3,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {6,
       8,
       3,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2,
       5,
       2,
       {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static struct merkle_hash leaves[SIZE_MAX_TRIED], roots[SIZE_MAX_TRIED + 1];

static void assert_is(const struct merkle_hash *hash, const char *digits)
{
    uint8_t bytes[MERKLE_BYTES];
    assert_int_equal(vectors_hex(digits, bytes, sizeof(bytes)), MERKLE_BYTES);
    assert_memory_equal(hash->bytes, bytes, MERKLE_BYTES);
}

/* Leaves and roots of all sizes up to n; the first eight leaves are the known ones. */
static void grow(uint64_t n)
{
    struct merkle_tree tree;
    merkle_init(&tree);
    roots[0] = merkle_root(&tree);
    for (uint64_t i = 0; i < n; i++) {
        uint8_t bytes[16] = {(uint8_t)i, 0xee};
        size_t n_bytes = i < N_KNOWN ? vectors_hex(known_leaves[i], bytes, sizeof(bytes)) : 2;
        leaves[i] = merkle_leaf((struct slice){(const char *)bytes, n_bytes});
        merkle_push(&tree, &leaves[i]);
        roots[i + 1] = merkle_root(&tree);
        assert_int_equal(tree.size, i + 1);
    }
}

static void hashes_when_of_leaves_and_nodes_are_the_known_ones(void **state)
{
    (void)state;
    struct merkle_hash hash = merkle_leaf(slice_of("L123456"));
    assert_is(&hash, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    hash = merkle_leaf((struct slice){"", 0});
    assert_is(&hash, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void root_when_grown_is_the_known_one_at_every_size(void **state)
{
    (void)state;
    grow(N_KNOWN);
    assert_is(&roots[0], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (int i = 0; i < N_KNOWN; i++) {
        assert_is(&roots[i + 1], known_roots[i]);
    }
}

static void proofs_when_made_are_the_known_ones(void **state)
{
    (void)state;
    struct merkle_proof proof;
    grow(N_KNOWN);
    for (size_t i = 0; i < sizeof(known_inclusions) / sizeof(known_inclusions[0]); i++) {
        merkle_prove_inclusion(leaves, known_inclusions[i].size, known_inclusions[i].index, &proof);
        assert_int_equal(proof.n_hashes, known_inclusions[i].n_hashes);
        for (uint32_t k = 0; k < proof.n_hashes; k++) {
            assert_is(&proof.hashes[k], known_inclusions[i].hashes[k]);
        }
    }
    for (size_t i = 0; i < sizeof(known_growths) / sizeof(known_growths[0]); i++) {
        merkle_prove_consistency(leaves, known_growths[i].size, known_growths[i].index, &proof);
        assert_int_equal(proof.n_hashes, known_growths[i].n_hashes);
        for (uint32_t k = 0; k < proof.n_hashes; k++) {
            assert_is(&proof.hashes[k], known_growths[i].hashes[k]);
        }
    }
}

static void inclusion_when_of_any_small_tree_is_proved_and_of_another_place_is_not(void **state)
{
    (void)state;
    struct merkle_proof proof;
    grow(SIZE_MAX_TRIED);
    for (uint64_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        for (uint64_t index = 0; index < size; index++) {
            merkle_prove_inclusion(leaves, size, index, &proof);
            assert_true(merkle_is_included(&leaves[index], index, size, proof.hashes,
                                           proof.n_hashes, &roots[size]));
            uint64_t other = (index + 1) % size;
            bool is_other = other != index;
            assert_false(is_other && merkle_is_included(&leaves[other], index, size, proof.hashes,
                                                        proof.n_hashes, &roots[size]));
            assert_false(is_other && merkle_is_included(&leaves[index], other, size, proof.hashes,
                                                        proof.n_hashes, &roots[size]));
            assert_false(merkle_is_included(&leaves[index], index, size, proof.hashes,
                                            proof.n_hashes, &roots[size - 1]));
            assert_false(merkle_is_included(&leaves[index], size, size, proof.hashes,
                                            proof.n_hashes, &roots[size]));
            proof.hashes[proof.n_hashes] = leaves[0];
            assert_false(merkle_is_included(&leaves[index], index, size, proof.hashes,
                                            proof.n_hashes + 1, &roots[size]));
        }
    }
}

static void growth_when_of_any_two_small_trees_is_proved_and_of_others_is_not(void **state)
{
    (void)state;
    struct merkle_proof proof;
    grow(SIZE_MAX_TRIED);
    for (uint64_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        for (uint64_t before = 1; before <= size; before++) {
            merkle_prove_consistency(leaves, size, before, &proof);
            assert_true(merkle_is_consistent(before, size, proof.hashes, proof.n_hashes,
                                             &roots[before], &roots[size]));
            assert_false(merkle_is_consistent(before, size, proof.hashes, proof.n_hashes,
                                              &roots[before - 1], &roots[size]));
            assert_false(merkle_is_consistent(before, size, proof.hashes, proof.n_hashes,
                                              &roots[before], &roots[size - 1]));
            assert_false(before < size && merkle_is_consistent(before, size, proof.hashes, 0,
                                                               &roots[before], &roots[size]));
        }
        assert_false(merkle_is_consistent(0, size, NULL, 0, &roots[0], &roots[size]));
    }
    assert_false(merkle_is_consistent(0, 0, NULL, 0, &roots[0], &roots[0]));
}

/* One probe: its answer is wanted to be the set's. */
static unsigned n_probes;

/* False when it is no hash. Some roots of the set are words that stand for one, and are as good filled up with zeros. */
static bool take_hash(const json_t *value, bool is_word_enough, struct merkle_hash *ret_hash)
{
    size_t n_bytes = 0;
    const char *text = json_string_value(value);
    memset(ret_hash, 0, sizeof(*ret_hash));
    return text != NULL &&
           sodium_base642bin(ret_hash->bytes, MERKLE_BYTES, text, strlen(text), NULL, &n_bytes,
                             NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           (n_bytes == MERKLE_BYTES || (is_word_enough && n_bytes > 0));
}

static bool take_size(const json_t *probe, const char *member, uint64_t *ret_size)
{
    const json_t *value = json_object_get(probe, member);
    double size = json_real_value(value);
    *ret_size = size >= 0x1p64 ? UINT64_MAX : (uint64_t)size;
    return json_is_real(value) && size >= 0.0;
}

static bool accepts(const json_t *probe)
{
    struct merkle_hash hashes[128], first, second;
    const json_t *proof = json_object_get(probe, "proof");
    uint64_t a = 0, b = 0;
    size_t n_hashes = json_array_size(proof);
    bool is_inclusion = json_object_get(probe, "leafHash") != NULL;
    assert_true(n_hashes < 128);
    bool is_read =
        take_hash(json_object_get(probe, is_inclusion ? "leafHash" : "root1"), !is_inclusion, &first) &&
        take_hash(json_object_get(probe, is_inclusion ? "root" : "root2"), !is_inclusion, &second) &&
        take_size(probe, is_inclusion ? "leafIdx" : "size1", &a) &&
        take_size(probe, is_inclusion ? "treeSize" : "size2", &b);
    for (size_t i = 0; i < n_hashes; i++) {
        is_read = is_read && take_hash(json_array_get(proof, i), false, &hashes[i]);
    }
    return is_read && (is_inclusion ? merkle_is_included(&first, a, b, hashes, n_hashes, &second)
                                    : merkle_is_consistent(a, b, hashes, n_hashes, &first, &second));
}

static int probe_file(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)place;
    if (kind != FTW_F) {
        return 0;
    }
    json_t *probe = vectors_read(path);
    bool is_refused = json_is_true(json_object_get(probe, "wantErr"));
    if (accepts(probe) == is_refused) {
        fail_msg("%s: should be %s", path, is_refused ? "refused" : "accepted");
    }
    json_decref(probe);
    n_probes++;
    return 0;
}

static void probes_when_asked_are_answered_as_the_set_says(void **state)
{
    (void)state;
    char path[VECTOR_PATH];
    n_probes = 0;
    vectors_path("merkle/testdata/inclusion", path);
    assert_int_equal(nftw(path, probe_file, 8, FTW_PHYS), 0);
    vectors_path("merkle/testdata/consistency", path);
    assert_int_equal(nftw(path, probe_file, 8, FTW_PHYS), 0);
    assert_int_equal(n_probes, N_PROBES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_when_of_leaves_and_nodes_are_the_known_ones),
        cmocka_unit_test(root_when_grown_is_the_known_one_at_every_size),
        cmocka_unit_test(proofs_when_made_are_the_known_ones),
        cmocka_unit_test(inclusion_when_of_any_small_tree_is_proved_and_of_another_place_is_not),
        cmocka_unit_test(growth_when_of_any_two_small_trees_is_proved_and_of_others_is_not),
        cmocka_unit_test(probes_when_asked_are_answered_as_the_set_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
