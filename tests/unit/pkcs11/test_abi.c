/*
 * The interface is that of the standard: the comparison itself is made by the
 * compiler (abi/abi.awk); here the names of its numbers are tested.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "pkcs11/names.h"
#include "unit/abi/abi.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct lookup {
	const char *domain;
	const char *(*name)(CK_ULONG value);
	CK_ULONG unnamed;	/* a number without a name, between two with one */
} lookups[] = {
	{ "CK_ATTRIBUTE_TYPE",   cka_name, CKA_CLASS + 0x20 },
	{ "CK_CERTIFICATE_TYPE", ckc_name, CKC_WTLS + 1 },
	{ "CK_KEY_TYPE",         ckk_name, 0x6UL },
	{ "CK_MECHANISM_TYPE",   ckm_name, 0x7FUL },
	{ "CK_OBJECT_CLASS",     cko_name, CKO_VENDOR_DEFINED - 1 },
	{ "CK_RV",               ckr_name, 0x4UL },
};

static void check_constant(const struct lookup *lookup, const struct abi_constant *row)
{
	const char *name = lookup->name(row->value);

	CU_ASSERT_PTR_NOT_NULL_FATAL(name);
	CU_ASSERT_EQUAL(strcmp(name, row->name) != 0, row->alias);
}

/* Every number has its current name, whatever other names it has. */
static void test_all_names(void)
{
	for (size_t i = 0; i < COUNT(lookups); i++) {
		unsigned int rows = 0;

		for (const struct abi_constant *row = abi_constants; row->name != NULL; row++) {
			if (strcmp(row->domain, lookups[i].domain) != 0)
				continue;
			check_constant(&lookups[i], row);
			rows++;
		}
		CU_ASSERT(rows > 0);
	}
}

static void test_unnamed(void)
{
	for (size_t i = 0; i < COUNT(lookups); i++) {
		CU_ASSERT_PTR_NULL(lookups[i].name(lookups[i].unnamed));
		CU_ASSERT_PTR_NULL(lookups[i].name(CK_UNAVAILABLE_INFORMATION));
	}
}

/* Aliases are found by name but never shown. */
static void test_mechanism_from_name(void)
{
	unsigned int rows = 0;

	for (const struct abi_constant *row = abi_constants; row->name != NULL; row++) {
		CK_MECHANISM_TYPE type = CK_UNAVAILABLE_INFORMATION;

		if (strcmp(row->domain, "CK_MECHANISM_TYPE") != 0)
			continue;
		CU_ASSERT(ckm_from_name(row->name, &type));
		CU_ASSERT_EQUAL(type, row->value);
		rows++;
	}
	CU_ASSERT_EQUAL(rows, 480);
}

static void test_mechanism_unknown(void)
{
	static const char *const names[] = {
		"", "CKM", "CKM_", "CKM_AES_CB", "CKM_AES_CBCX", "ckm_aes_cbc", "AES_CBC",
		" CKM_AES_CBC", "CKM_AES_CBC ", "CKR_OK", "ZZZ",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		CK_MECHANISM_TYPE type = 4711;

		CU_ASSERT_FALSE(ckm_from_name(names[i], &type));
		CU_ASSERT_EQUAL(type, 4711);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "every number has its current name", test_all_names },
		{ "numbers without a name", test_unnamed },
		{ "mechanisms by name", test_mechanism_from_name },
		{ "unknown mechanism names", test_mechanism_unknown },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ "abi", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL,
	};
	unsigned int failures;

	printf("%u comparisons with the tables made by the compiler\n", abi_assertions);
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
