import type { AttributeChange, Leaf, PlanModel, ResourceChange } from '../domain/plan-model.ts';

/** One rule: what it is called, what it costs, what to tell people, and where it holds. */
export interface RiskRule {
  readonly name: string;
  readonly points: number;
  readonly reason: string;
  readonly finds: (model: PlanModel) => readonly string[];
}

/** Types whose loss is loss of data or of an address that others rely on. Plain data: add a line to extend it. */
const STATEFUL = words(`
  aws_db_instance aws_db_cluster aws_rds_cluster aws_rds_cluster_instance aws_rds_global_cluster aws_docdb_cluster
  aws_neptune_cluster aws_redshift_cluster aws_dynamodb_table aws_elasticache_cluster aws_elasticache_replication_group
  aws_memorydb_cluster aws_opensearch_domain aws_elasticsearch_domain aws_s3_bucket aws_efs_file_system aws_fsx_lustre_file_system
  aws_ebs_volume aws_kms_key aws_secretsmanager_secret aws_sqs_queue aws_kinesis_stream aws_msk_cluster aws_mq_broker
  aws_cognito_user_pool aws_route53_zone aws_eip aws_backup_vault aws_glacier_vault aws_ecr_repository aws_eks_cluster
  google_sql_database_instance google_sql_database google_storage_bucket google_bigquery_dataset google_bigquery_table
  google_spanner_instance google_spanner_database google_bigtable_instance google_firestore_database google_redis_instance
  google_filestore_instance google_compute_disk google_kms_crypto_key google_kms_key_ring google_secret_manager_secret
  google_pubsub_topic google_dns_managed_zone google_compute_address google_container_cluster google_project
  azurerm_mssql_database azurerm_mssql_server azurerm_postgresql_server azurerm_postgresql_flexible_server
  azurerm_mysql_flexible_server azurerm_cosmosdb_account azurerm_cosmosdb_sql_database azurerm_storage_account
  azurerm_storage_container azurerm_redis_cache azurerm_managed_disk azurerm_key_vault azurerm_key_vault_key
  azurerm_key_vault_secret azurerm_dns_zone azurerm_public_ip azurerm_resource_group azurerm_kubernetes_cluster
  azurerm_eventhub azurerm_servicebus_queue azurerm_recovery_services_vault
  digitalocean_database_cluster digitalocean_volume digitalocean_spaces_bucket hcloud_volume
  kubernetes_namespace kubernetes_persistent_volume kubernetes_persistent_volume_claim
  mongodbatlas_cluster confluent_kafka_cluster snowflake_database random_password random_id tls_private_key vault_mount
  github_repository cloudflare_zone
`);

/** Types that say who may do what. */
const IAM = words(`
  aws_iam_policy aws_iam_role aws_iam_role_policy aws_iam_role_policy_attachment aws_iam_user_policy aws_iam_user_policy_attachment
  aws_iam_group_policy aws_iam_policy_attachment aws_iam_access_key aws_kms_key_policy aws_s3_bucket_policy aws_sqs_queue_policy
  aws_lambda_permission google_project_iam_member google_project_iam_binding google_project_iam_policy
  google_organization_iam_member google_folder_iam_member google_storage_bucket_iam_member google_storage_bucket_iam_binding
  google_service_account_iam_member google_service_account_key azurerm_role_assignment azurerm_role_definition
  azurerm_key_vault_access_policy kubernetes_cluster_role kubernetes_cluster_role_binding kubernetes_role_binding
  github_repository_collaborator github_team_repository vault_policy
`);

const OPEN_ADDRESSES = new Set(['0.0.0.0/0', '::/0', '*', 'Internet', 'allUsers', 'allAuthenticatedUsers']);
const NETWORK_NAME = /cidr|source|ranges?$|prefix|^members?$|ingress|principal/i;
const PUBLIC_NAME =
  /^(?:publicly_accessible|public_network_access_enabled|map_public_ip_on_launch|associate_public_ip_address|allow_blob_public_access|allow_nested_items_to_be_public)$/;
const PUBLIC_GUARD =
  /^(?:block_public_acls|block_public_policy|ignore_public_acls|restrict_public_buckets|deletion_protection|skip_final_snapshot|prevent_destroy)$/;

export const RISK_RULES: readonly RiskRule[] = [
  {
    name: 'stateful-delete',
    points: 50,
    reason: 'destroys something that holds data or that others rely on',
    finds: (model) => changed(model, (change) => change.action === 'delete' && STATEFUL.has(change.type)),
  },
  {
    name: 'stateful-replace',
    points: 40,
    reason: 'replaces something that holds data or that others rely on',
    finds: (model) => changed(model, (change) => change.action === 'replace' && STATEFUL.has(change.type)),
  },
  {
    name: 'delete',
    points: 8,
    reason: 'destroys resources',
    finds: (model) => changed(model, (change) => change.action === 'delete' && !STATEFUL.has(change.type)),
  },
  {
    name: 'replace',
    points: 6,
    reason: 'replaces resources',
    finds: (model) => changed(model, (change) => change.action === 'replace' && !STATEFUL.has(change.type)),
  },
  {
    name: 'iam-admin',
    points: 40,
    reason: 'gives all permissions or an administrator role',
    finds: (model) => changed(model, (change) => IAM.has(change.type) && change.attributes.some(grantsEverything)),
  },
  {
    name: 'iam-change',
    points: 12,
    reason: 'changes who may do what',
    finds: (model) =>
      changed(
        model,
        (change) =>
          IAM.has(change.type) &&
          (change.action === 'create' || change.action === 'update' || change.action === 'replace'),
      ),
  },
  {
    name: 'public-exposure',
    points: 30,
    reason: 'opens something to everybody',
    finds: (model) => changed(model, (change) => change.attributes.some(opensToAll)),
  },
  {
    name: 'guard-removed',
    points: 25,
    reason: 'takes a protection away',
    finds: (model) => changed(model, (change) => change.action !== 'create' && change.attributes.some(removesGuard)),
  },
  {
    name: 'many-changes',
    points: 10,
    reason: 'touches more than 50 resources',
    finds: (model) => {
      const touched = model.changes.filter((change) => change.action !== 'read' && change.action !== 'none');
      return touched.length + (model.left?.resources ?? 0) > 50
        ? touched.slice(0, 1).map((change) => change.address)
        : [];
    },
  },
  {
    name: 'many-deletes',
    points: 20,
    reason: 'destroys or replaces more than 10 resources',
    finds: (model) => {
      const gone = model.changes.filter((change) => change.action === 'delete' || change.action === 'replace');
      return gone.length > 10 ? gone.slice(0, 1).map((change) => change.address) : [];
    },
  },
  {
    name: 'not-judged',
    points: 20,
    reason: 'cannot be judged as a whole: too large, or an engine without JSON',
    finds: (model) =>
      model.left !== undefined || model.text !== undefined || model.problem !== undefined ? ['plan'] : [],
  },
  {
    name: 'forget',
    points: 10,
    reason: 'stops managing resources that stay in the cloud',
    finds: (model) => changed(model, (change) => change.action === 'forget'),
  },
  {
    name: 'provisioner',
    points: 10,
    reason: 'runs provisioners: code outside of the plan',
    finds: (model) =>
      model.changes.some((change) => change.action === 'create' || change.action === 'replace')
        ? model.provisioners
        : [],
  },
  {
    name: 'failed-check',
    points: 10,
    reason: 'a check of the configuration fails',
    finds: (model) =>
      model.checks.filter((check) => check.status === 'fail' || check.status === 'error').map((check) => check.address),
  },
];

function changed(model: PlanModel, test: (change: ResourceChange) => boolean): readonly string[] {
  return model.changes.filter(test).map((change) => change.address);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}

function grantsEverything(change: AttributeChange): boolean {
  const value = textOf(change.after);
  const name = nameOf(change);
  if (value === undefined) {
    return false;
  }
  if (/^(?:action|actions|notaction|verbs)$/i.test(name)) {
    return value === '*' || value === '*:*';
  }
  return (
    /(?:AdministratorAccess|IAMFullAccess|PowerUserAccess)$/.test(value) ||
    /^roles\/(?:owner|editor|iam\.securityAdmin|resourcemanager\.organizationAdmin)$/.test(value) ||
    /^(?:Owner|User Access Administrator|cluster-admin)$/.test(value)
  );
}

function opensToAll(change: AttributeChange): boolean {
  const name = nameOf(change);
  if (change.after?.kind === 'value' && change.after.value === true && PUBLIC_NAME.test(name)) {
    return true;
  }
  const value = textOf(change.after);
  if (value === undefined) {
    return false;
  }
  if (/^(?:acl|canned_acl)$/.test(name) && /^public-read/.test(value)) {
    return true;
  }
  // Egress to everywhere is the usual case and no exposure.
  return (
    OPEN_ADDRESSES.has(value) && NETWORK_NAME.test(name) && !change.path.some((step) => /egress/i.test(String(step)))
  );
}

function removesGuard(change: AttributeChange): boolean {
  const name = nameOf(change);
  if (!PUBLIC_GUARD.test(name) || change.after?.kind !== 'value') {
    return false;
  }
  return name === 'skip_final_snapshot' ? change.after.value === true : change.after.value === false;
}

/** The last name of a path; the elements of a list are named by their list. */
function nameOf(change: AttributeChange): string {
  return String(change.path.findLast((step) => typeof step === 'string') ?? '');
}

function textOf(leaf: Leaf | undefined): string | undefined {
  return leaf?.kind === 'value' && typeof leaf.value === 'string' ? leaf.value : undefined;
}
