{{- define "liftlock.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "liftlock.account" -}}
{{ .Values.serviceAccount.name | default (include "liftlock.name" .) }}
{{- end }}

{{- define "liftlock.selector" -}}
app.kubernetes.io/name: liftlock
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "liftlock.labels" -}}
{{ include "liftlock.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "liftlock.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "liftlock.environment" -}}
{{- if .Values.database.secret }}
- name: LIFTLOCK_DATABASE_FILE
  value: /run/liftlock/database/{{ .Values.database.key }}
{{- end }}
{{- if .Values.sealing.secret }}
- name: LIFTLOCK_KEY_FILE
  value: /run/liftlock/sealing/{{ .Values.sealing.key }}
{{- end }}
{{- with .Values.bucket.url }}
- name: LIFTLOCK_BLOBS
  value: {{ . | quote }}
{{- end }}
{{- with .Values.bucket.endpoint }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- if .Values.openid.secret }}
- name: LIFTLOCK_OIDC_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .Values.openid.secret }}
      key: {{ .Values.openid.key }}
{{- end }}
{{- end }}

{{/* Processes of more than one pod need a database and a volume that all of them reach. */}}
{{- define "liftlock.shared" -}}
{{- if not .Values.database.secret }}
{{- fail "workers and further servers share PostgreSQL: set database.secret" }}
{{- end }}
{{- if and (not .Values.storage.existingClaim) (ne .Values.storage.accessMode "ReadWriteMany") }}
{{- fail "workers and further servers share files: set storage.accessMode to ReadWriteMany" }}
{{- end }}
{{- end }}

{{/* What server and workers have in common: a container's surroundings, and its pod's. */}}
{{- define "liftlock.container" -}}
image: {{ include "liftlock.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with include "liftlock.environment" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.bucket.secret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: state
    mountPath: /var/lib/liftlock
  - name: cache
    mountPath: /var/cache/liftlock
  - name: work
    mountPath: /work
  - name: tmp
    mountPath: /tmp
  - name: config
    mountPath: /etc/liftlock
    readOnly: true
  {{- if .Values.database.secret }}
  - name: database
    mountPath: /run/liftlock/database
    readOnly: true
  {{- end }}
  {{- if .Values.sealing.secret }}
  - name: sealed
    mountPath: /run/liftlock/sealing
    readOnly: true
  {{- end }}
{{- end }}

{{- define "liftlock.pod" -}}
serviceAccountName: {{ include "liftlock.account" . }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: state
    persistentVolumeClaim:
      claimName: {{ .Values.storage.existingClaim | default (include "liftlock.name" .) }}
  - name: cache
    emptyDir: {}
  - name: work
    emptyDir: {}
  - name: tmp
    emptyDir: {}
  - name: config
    configMap:
      name: {{ include "liftlock.name" . }}
  {{- if .Values.database.secret }}
  - name: database
    secret:
      secretName: {{ .Values.database.secret }}
      defaultMode: 0440
  {{- end }}
  {{- if .Values.sealing.secret }}
  - name: sealing
    secret:
      secretName: {{ .Values.sealing.secret }}
      defaultMode: 0440
  - name: sealed
    emptyDir:
      medium: Memory
  {{- end }}
{{- if .Values.sealing.secret }}
# A key that a group may read is refused, and Kubernetes lets the group read every secret.
initContainers:
  - name: key
    image: {{ include "liftlock.image" . | quote }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    command: [install, -m, "0400", "/run/given/{{ .Values.sealing.key }}", /run/sealed/]
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    volumeMounts:
      - name: sealing
        mountPath: /run/given
        readOnly: true
      - name: sealed
        mountPath: /run/sealed
{{- end }}
{{- end }}
